<%@ page contentType="text/plain;charset=UTF-8" %><%@ taglib prefix="s" uri="urn:scenario" %><s:hello/>
