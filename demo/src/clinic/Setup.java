package clinic;

import jakarta.servlet.ServletContextEvent;
import jakarta.servlet.ServletContextListener;
import jakarta.servlet.annotation.WebListener;

/** Builds what the servlets share when the application starts, and closes it when it stops. */
@WebListener
public final class Setup implements ServletContextListener {

    @Override
    public void contextInitialized(ServletContextEvent event) {
        var context = event.getServletContext();
        var redis = RedisClient.fromEnvironment(System.getenv());
        var appointments = new Appointments();
        context.setAttribute(RedisClient.class.getName(), redis);
        context.setAttribute(Appointments.class.getName(), appointments);
        context.setAttribute(Health.class.getName(), new Health(appointments, redis));
        context.log("clinic " + Version.NAME + " is up");
    }

    @Override
    public void contextDestroyed(ServletContextEvent event) {
        var context = event.getServletContext();
        ((Health) context.getAttribute(Health.class.getName())).close();
        ((RedisClient) context.getAttribute(RedisClient.class.getName())).close();
    }
}
