// The part of the kernel (kernel.h) that takes what a scenario's timeline plans. The main loop: kernel.cpp.
#include <algorithm>
#include <utility>

#include "backend/changed_conf.h"
#include "backend/port/overloaded.h"
#include "sim/kernel.h"

namespace podramp::sim {

using fakeapi::ToCluster;

void Kernel::add(const TimelineEntry& entry) {
  ++planned_;
  std::visit(
      Overloaded{
          [&](const WorldAction& action) {
            ToCluster message = std::visit([](const auto& one) { return ToCluster(one); }, action);
            queue_.push(entry.at_us, Lane::world, ForCluster{std::move(message), 0});
          },
          [&](const ExecutorExit& exit) { queue_.push(entry.at_us, Lane::world, Exit{exit}); },
          [&](const ExecutorKill& kill) {
            plan(entry.at_us, kill.application, in::KillRequested{kill.executors, kill.replace, kill.force});
          },
          [&](const ExecutorDecommission& leaving) {
            plan(entry.at_us, leaving.application,
                 in::DecommissionRequested{leaving.executors, leaving.adjust_target, leaving.by_executor});
          },
          [&](const ConfChange& change) { plan(entry.at_us, change.application, in::ConfChanged{change.conf}); }},
      entry.action);
}

// An input that the scenario asks for; it has been counted as planned.
void Kernel::plan(TimeUs at, const std::string& application, const Input& input) {
  const auto named = std::ranges::find(applications_, application, &Application::name);
  CHECK(named != applications_.end());
  const auto index = static_cast<std::uint32_t>(named - applications_.begin());
  push_input(at, Lane::demand, ForSession{index, input, 0, true, true});
}

// What the kernel reads of it goes with the driver's own.
void Kernel::change_conf(Application& app, const StringMap& changes) {
  backend::ConfOutcome changed = backend::changed_conf(app.conf, changes);
  if (changed.conf) app.conf = std::move(*changed.conf);
}

}  // namespace podramp::sim
