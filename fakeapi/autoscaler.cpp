#include "fakeapi/autoscaler.h"

#include <fmt/format.h>

#include "fakeapi/autoscaler_karpenter.h"
#include "fakeapi/autoscaler_scan.h"

namespace podramp::fakeapi {

AutoscalerSpec default_autoscaler(AutoscalerKind kind) {
  AutoscalerSpec spec;
  spec.kind = kind;
  if (kind == AutoscalerKind::karpenter) {
    spec.launch = LatencyModel::lognormal(3 * kSecondUs, 300);
    spec.join = LatencyModel::lognormal(45 * kSecondUs, 300);
    spec.ready = LatencyModel::lognormal(12 * kSecondUs, 300);
  }
  return spec;
}

std::unique_ptr<Autoscaler> make_autoscaler(Context& context, Deletion& deletion, NodeLifecycle& nodes) {
  const auto& spec = context.config().autoscaler;
  if (!spec) return nullptr;
  if (spec->kind == AutoscalerKind::karpenter) return std::make_unique<Karpenter>(context, deletion, nodes, *spec);
  return std::make_unique<ClusterAutoscaler>(context, deletion, nodes, *spec);
}

Autoscaler::Autoscaler(Context& context, Deletion& deletion, NodeLifecycle& nodes, const AutoscalerSpec& spec)
    : context_(context),
      spec_(spec),
      books_(context),
      machines_(context, nodes, spec),
      drains_(context, deletion, machines_) {
  for (const NodeGroupSpec& one : spec.groups) templates_.emplace_back(one, context.config().daemon_sets);
  machines_.set_listener([this](std::uint32_t node, Machines::News news, Seq cause) {
    if (news == Machines::News::ready) books_.arrived(machines_.name(node));
    if (news != Machines::News::ready) books_.forget(machines_.name(node));
    if (news == Machines::News::gone) blocked_.erase(machines_.name(node));
    machine_news(node, news, cause);
  });
}

void Autoscaler::on_fact(const Fact& fact, Seq seq) {
  books_.on_fact(fact);
  machines_.on_fact(fact, seq);
  drains_.on_fact(fact, seq);
  changed(fact, seq);
}

void Autoscaler::on_timer(const ClusterTimer& timer, Seq cause) {
  if (machines_.on_timer(timer, cause) || drains_.on_timer(timer, cause)) return;
  act(timer, cause);
}

bool Autoscaler::busy() const { return machines_.busy() || drains_.running() > 0 || expecting(); }

std::uint32_t Autoscaler::ask(std::size_t group, Seq cause) {
  const std::uint32_t node = machines_.ask(group, cause);
  books_.expect(context_.config().nodes[node].node);
  return node;
}

void Autoscaler::refuse(std::int64_t pods, const std::string& reason, Seq cause) {
  if (pods == refused_pods_ && reason == refused_) return;
  refused_pods_ = pods;
  refused_ = reason;
  context_.emit("autoscaler", cause, fact::ScaleUpRefused{pods, reason});
}

void Autoscaler::blocked(const std::string& node, const std::string& reason, const std::string& pod, Seq cause) {
  std::string& known = blocked_[node];
  const std::string what = reason.empty() ? "" : reason + " " + pod;
  if (known == what) return;
  known = what;
  if (!reason.empty()) context_.emit("autoscaler", cause, fact::ScaleDownBlocked{node, reason, pod});
}

void Autoscaler::waiting(std::vector<std::string>& lines) const {
  for (std::size_t g = 0; g < spec_.groups.size(); ++g) {
    const auto in = [&](MachineState state) { return machines_.in_state(g, state).size(); };
    const std::size_t coming = in(MachineState::asked) + in(MachineState::joining) + in(MachineState::setting_up);
    if (coming > 0) {
      lines.push_back(fmt::format("group {} waits for: {} machines ({} asked for, {} not registered, {} not ready)",
                                  group(g).name, coming, in(MachineState::asked), in(MachineState::joining),
                                  in(MachineState::setting_up)));
    }
  }
  if (refused_pods_ > 0) {
    lines.push_back(fmt::format("the autoscaler has no node for {} pods: {}", refused_pods_, refused_));
  }
  waiting_for(lines);
  drains_.waiting(lines);
  for (const auto& [node, what] : blocked_) {
    if (!what.empty()) lines.push_back(fmt::format("node {} could go but stays: {}", node, what));
  }
}

}  // namespace podramp::fakeapi
