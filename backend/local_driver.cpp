#include "backend/local_driver.h"

#include <fmt/format.h>

#include <utility>
#include <variant>

namespace podramp::backend {
namespace {

class LocalDriver final : public Driver {
 public:
  explicit LocalDriver(Application application) : app_(std::move(application)) {}

  void step(TimeUs /*now*/, const Input& input, Outbox& out) override {
    if (exited_) return;
    if (std::holds_alternative<in::Started>(input)) {
      out.add(out::ReadyToSchedule{0, 0, false});
    } else if (const auto* executor = std::get_if<in::Registered>(&input)) {
      out.add(out::RegistrationRefused{executor->executor, "the driver runs alone"});
    } else if (std::holds_alternative<in::Stopped>(input)) {
      exited_ = true;
      out.add(out::Exited{0, "stopped"});
    }
  }

  Books books() const override { return {}; }
  std::string describe() const override {
    return fmt::format("application {}: {}\nmaster: {}, no executors\n", app_.app_id, exited_ ? "exited" : "running",
                       app_.conf.local_master);
  }

 private:
  Application app_;
  bool exited_ = false;
};

}  // namespace

std::unique_ptr<Driver> make_local_driver(Application application) {
  return std::make_unique<LocalDriver>(std::move(application));
}

std::string local_app_id(const Conf& conf, std::int64_t start_ms) {
  return conf.app_id.empty() ? fmt::format("local-{}", start_ms) : conf.app_id;
}

}  // namespace podramp::backend
