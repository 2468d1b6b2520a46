# Scenario, replay and ladder tests are registered here once the binary can run them.
