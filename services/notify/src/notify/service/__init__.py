"""The use cases of notify: what is heard becomes alerts, those become deliveries, and are sent."""
