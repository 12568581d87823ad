<%@ page contentType="text/plain;charset=UTF-8" %><% Thread.sleep(Long.parseLong(request.getParameter("ms"))); %>finished
