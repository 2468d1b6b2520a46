#include "fakeapi/background_load.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace podramp::fakeapi {

BackgroundLoads::BackgroundLoads(Context& context, PodVerbs& verbs, Kubelets& kubelets, Deletion& deletion)
    : context_(context), verbs_(verbs), kubelets_(kubelets), deletion_(deletion) {
  for (const BackgroundLoadSpec& load : context_.config().loads) {
    std::vector<TemplatePtr>& shared = templates_.emplace_back();
    for (const WeightedPod& one : load.pods) shared.push_back(share(one.pod));
  }
}

void BackgroundLoads::start() {
  for (std::uint32_t load = 0; load < templates_.size(); ++load) {
    arm_next(load, context_.config().loads[load].from_us, 0);
  }
}

// The arrival after `number` of them, counted from 1; nothing when the load is over.
void BackgroundLoads::arm_next(std::uint32_t index, TimeUs after_us, std::uint64_t number) {
  const BackgroundLoadSpec& load = context_.config().loads[index];
  ++number;
  TimeUs at_us = 0;
  if (!load.trace.empty()) {
    if (number > load.trace.size()) return;
    at_us = load.trace[number - 1].at_us;
  } else {
    if (load.count > 0 && number > static_cast<std::uint64_t>(load.count)) return;
    at_us = after_us + context_.sample(load.every, "background.arrival", load.name, number);
    if (at_us >= load.until_us) return;
  }
  context_.timer(std::max(at_us, context_.now()), 0, {Part::background, kArrives, index, number});
}

const TemplatePtr& BackgroundLoads::template_of(std::uint32_t index, std::uint64_t number) const {
  const BackgroundLoadSpec& load = context_.config().loads[index];
  if (!load.trace.empty()) return templates_[index][load.trace[number - 1].pod];
  const std::int64_t weights =
      std::accumulate(load.pods.begin(), load.pods.end(), std::int64_t{0},
                      [](std::int64_t sum, const WeightedPod& one) { return sum + one.weight; });
  std::int64_t at = Draw(context_.seed(), "background.size", load.name, number).uniform(0, weights - 1);
  std::size_t chosen = 0;
  while (at >= load.pods[chosen].weight) at -= load.pods[chosen++].weight;
  return templates_[index][chosen];
}

std::optional<DurationUs> BackgroundLoads::lifetime_of(const Pending& pod) const {
  const BackgroundLoadSpec& load = context_.config().loads[pod.load];
  if (!load.trace.empty()) return load.trace[pod.number - 1].lifetime_us;
  if (!load.lifetime) return std::nullopt;
  return context_.sample(*load.lifetime, "background.lifetime", load.name, pod.number);
}

void BackgroundLoads::arrive(std::uint32_t index, std::uint64_t number, Seq cause) {
  const BackgroundLoadSpec& load = context_.config().loads[index];
  auto pod = std::make_shared<Pod>();
  pod->ns = load.ns;
  pod->name = fmt::format("{}-{}", load.name, number);
  pod->tmpl = template_of(index, number);
  ApiRequest request;
  request.verb = Verb::create;
  request.ns = load.ns;
  const std::string name = load.ns + "/" + pod->name;
  request.body = std::move(pod);
  const Answer answer = verbs_.create(request, cause);
  if (answer.reply.ok()) {
    pods_[uid_number(answer.reply.object->uid)] = {index, number};
    return;
  }
  fact::RequestRefused refused;
  refused.client = "background/" + load.name;
  refused.verb = Verb::create;
  refused.name = name;
  refused.code = answer.reply.code;
  refused.reason = answer.reply.reason;
  refused.message = answer.reply.message;
  context_.emit("apiserver", cause, refused);
}

void BackgroundLoads::on_fact(const Fact& fact, Seq seq) {
  if (pods_.empty()) return;
  const PodId id = context_.state().last_change().id;
  if (std::holds_alternative<fact::PodRunning>(fact)) {
    const auto ours = pods_.find(id);
    if (ours == pods_.end()) return;
    const auto lifetime_us = lifetime_of(ours->second);
    if (lifetime_us) context_.timer(context_.now() + *lifetime_us, seq, {Part::background, kEnds, 0, id});
  } else if (std::holds_alternative<fact::PodFinished>(fact)) {
    if (pods_.contains(id)) context_.timer(context_.now(), seq, {Part::background, kDelete, 0, id});
  } else if (std::holds_alternative<fact::PodGone>(fact)) {
    pods_.erase(id);
  }
}

void BackgroundLoads::on_timer(const ClusterTimer& timer, Seq cause) {
  switch (static_cast<Kind>(timer.kind)) {
    case kArrives:
      arrive(timer.index, timer.arg, cause);
      arm_next(timer.index, context_.now(), timer.arg);
      break;
    case kEnds: kubelets_.process_exited(timer.arg, 0, cause, false, true); break;
    case kDelete:
      if (context_.state().find_pod(PodId{timer.arg}) != nullptr) {
        deletion_.remove(timer.arg, std::nullopt, "api", "apiserver", cause);
      }
      break;
  }
}

}  // namespace podramp::fakeapi
