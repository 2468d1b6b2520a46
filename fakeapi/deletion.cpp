#include "fakeapi/deletion.h"

#include <string>

#include "backend/port/json_writer.h"

namespace podramp::fakeapi {
namespace {

std::int64_t first_grace_s(const Pod& pod, std::optional<std::int64_t> asked_s) {
  if (pod.node.empty() || is_terminal(pod)) return 0;  // K28
  const std::int64_t grace = asked_s.value_or(grace_s(pod));
  return grace < 0 ? 1 : grace;  // K27
}

}  // namespace

Seq Deletion::remove(PodId id, std::optional<std::int64_t> asked_s, std::string_view why, std::string_view by,
                     Seq cause) {
  const PodRecord* record = context_.state().find_pod(id);
  if (record == nullptr) return cause;
  const Pod& pod = *record->pod;
  std::int64_t grace = 0;
  TimeUs start_us = context_.server_clock();
  if (pod.deletion_us) {
    const std::int64_t before_s = pod.deletion_grace_s.value_or(0);
    if (!asked_s || (*asked_s < 0 ? 1 : *asked_s) >= before_s) return cause;  // K30
    grace = *asked_s < 0 ? 1 : *asked_s;
    start_us = *pod.deletion_us - before_s * kSecondUs;
  } else {
    grace = first_grace_s(pod, asked_s);
  }
  if (grace == 0) return finish(id, why, by, cause);
  const TimeUs due_us = whole_second(start_us + grace * kSecondUs);  // K29
  const std::string name = pod_key(pod);
  return context_.emit(by, cause, fact::PodTerminating{name, context_.next_rv(), due_us, grace, std::string(why)});
}

Seq Deletion::evict(PodId id, std::optional<std::int64_t> grace_s, Seq cause) {
  const PodRecord* record = context_.state().find_pod(id);
  if (record == nullptr || record->pod->deletion_us) return cause;
  if (is_terminal(*record->pod)) return remove(id, grace_s, "eviction", "apiserver", cause);
  const Condition condition{"DisruptionTarget", Truth::yes, "EvictionByEvictionAPI", "Eviction API: evicting",
                            context_.now()};
  const fact::PodConditionSet set{pod_key(*record->pod), context_.next_rv(), condition};
  return remove(id, grace_s, "eviction", "apiserver", context_.emit("apiserver", cause, set));
}

Seq Deletion::finish(PodId id, std::string_view why, std::string_view by, Seq cause) {
  const PodRecord* record = context_.state().find_pod(id);
  if (record == nullptr) return cause;
  const Pod& pod = *record->pod;
  const std::string name = pod_key(pod);
  // In two writes: no grace is left, then it is gone; so the last thing that watchers see has a deletionTimestamp.
  if (!pod.deletion_us || pod.deletion_grace_s.value_or(0) != 0) {
    const DurationUs left_us = pod.deletion_grace_s.value_or(0) * kSecondUs;
    const TimeUs due_us = whole_second(pod.deletion_us.value_or(context_.server_clock()) - left_us);
    cause = context_.emit(by, cause, fact::PodGraceOver{name, context_.next_rv(), due_us});
  }
  return context_.emit(by, cause, fact::PodGone{name, context_.next_rv(), std::string(why)});
}

}  // namespace podramp::fakeapi
