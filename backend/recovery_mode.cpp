#include "backend/recovery_mode.h"

#include <fmt/format.h>

#include <memory>
#include <utility>

namespace podramp::backend {

RecoveryMode::RecoveryMode(const Conf& conf) : cores_(conf.recovery_cores) {
  if (conf.compat < Compat::spark_4_2) return;
  state_ = !conf.recovery_mode ? State::armed : *conf.recovery_mode ? State::on : State::never;
}

PodPtr RecoveryMode::applied(const PodPtr& pod) {
  if (!on()) return pod;
  const auto [entry, fresh] = templates_.try_emplace(pod->tmpl->hash);
  if (fresh) {
    PodTemplate changed = *pod->tmpl;
    for (Container& container : changed.containers) {
      for (EnvVar& env : container.env) {
        if (env.name == "SPARK_EXECUTOR_CORES") env.value = fmt::format("{}", cores_);
      }
    }
    entry->second = share(std::move(changed));
  }
  Pod changed = *pod;
  changed.tmpl = entry->second;
  return std::make_shared<const Pod>(std::move(changed));
}

}  // namespace podramp::backend
