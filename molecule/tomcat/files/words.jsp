<%@ page contentType="text/plain;charset=UTF-8" import="javax.naming.*,javax.sql.DataSource" %><%
Object source = null;
try { source = new InitialContext().lookup("java:comp/env/jdbc/clinic"); } catch (NamingException none) { }
out.println("datasource=" + (source == null ? "none" : source.getClass().getName()));
if (source != null) {
  out.println("driver=" + Class.forName((String) source.getClass().getMethod("getDriverClassName").invoke(source)).getName());
  Object password = null;
  for (Class<?> type = source.getClass(); type != null && password == null; type = type.getSuperclass()) {
    try { java.lang.reflect.Field field = type.getDeclaredField("password"); field.setAccessible(true); password = field.get(source); }
    catch (NoSuchFieldException next) { }
  }
  out.println("password=" + password);
}
out.println("secret=" + System.getenv("SCENARIO_SECRET"));
out.println("property=" + System.getProperty("scenario.words"));
out.println("heap=" + Runtime.getRuntime().maxMemory() / 1048576);
java.io.InputStream library = Thread.currentThread().getContextClassLoader().getResourceAsStream("scenario-library.txt");
out.println("library=" + (library == null ? "none" : new String(library.readAllBytes())));
out.println("container=" + application.getServerInfo());
out.println("client=" + request.getRemoteAddr() + " " + request.getScheme());
%>
