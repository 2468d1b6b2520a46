// What the writing verbs do to nodes: people label, annotate, cordon, taint and delete them. Nodes come from the
// configuration, so nobody creates one. Reading is as for the other kinds (manifest_verbs.h, manifest_lists.h).
#pragma once

#include <string>

#include "fakeapi/context.h"
#include "fakeapi/node_lifecycle.h"
#include "fakeapi/node_taints.h"
#include "fakeapi/pod_verbs.h"

namespace podramp::fakeapi {

class NodeVerbs {
 public:
  NodeVerbs(Context& context, NodeTaints& taints, NodeLifecycle& lifecycle)
      : context_(context), taints_(taints), lifecycle_(lifecycle) {}

  // The manifest's node part: labels, taints, unschedulable, what is not modelled. 404, 409.
  Answer update(const ApiRequest& request, Seq cause);
  Answer remove(const ApiRequest& request, Seq cause);
  Answer create(const ApiRequest& request, Seq cause) const;  // 403

 private:
  Seq taint(const std::string& name, const std::vector<Taint>& taints, Seq cause);

  Context& context_;
  NodeTaints& taints_;
  NodeLifecycle& lifecycle_;
};

}  // namespace podramp::fakeapi
