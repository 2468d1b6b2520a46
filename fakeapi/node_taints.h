// What administrators do to nodes: kubectl taint, cordon, drain (K78). A NoExecute taint deletes the pods that do not
// tolerate it, at once or when their toleration runs out (K71). The controller's own taints: node_lifecycle.h.
#pragma once

#include <string>
#include <vector>

#include "fakeapi/context.h"

namespace podramp::fakeapi {

class Deletion;

class NodeTaints {
 public:
  NodeTaints(Context& context, Deletion& deletion) : context_(context), deletion_(deletion) {}

  // The timeline's wishes. Unknown nodes, and nodes that are as asked for, are skipped.
  void taint(const to::TaintNodes& wish, Seq cause);
  void cordon(const to::CordonNodes& wish, Seq cause);
  // As kubectl drain --ignore-daemonsets --delete-emptydir-data --force does.
  void drain(const to::DrainNodes& wish, Seq cause);

  void on_fact(const Fact& fact, Seq seq);
  void on_timer(const ClusterTimer& timer, Seq cause);

 private:
  void schedule(PodId pod, const std::vector<Taint>& taints, Seq cause);

  Context& context_;
  Deletion& deletion_;
  bool any_no_execute_ = false;  // by taint()
};

}  // namespace podramp::fakeapi
