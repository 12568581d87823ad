<%@ page contentType="text/plain;charset=UTF-8" %><%
Integer seen = (Integer) session.getAttribute("seen");
session.setAttribute("seen", seen == null ? 1 : seen + 1);
%><%= session.getAttribute("seen") %>
