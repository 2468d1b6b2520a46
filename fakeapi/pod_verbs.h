// What each verb does to pods, decided and committed at once: the answer, and the event that it follows from.
// Not here: faults, latency, time-outs, watches and deletecollection's pace (api_server.h).
#pragma once

#include <string_view>
#include <vector>

#include "fakeapi/admission.h"
#include "fakeapi/context.h"
#include "fakeapi/deletion.h"
#include "fakeapi/label_index.h"

namespace podramp::fakeapi {

struct Answer {
  ApiReply reply;
  Seq cause = 0;
};

// Writes the gates of a new pod, and the condition that says so (K53).
void gate(Pod& pod, const ClusterConfig& config);

class PodVerbs {
 public:
  PodVerbs(Context& context, Admission& admission, Deletion& deletion, LabelIndex& index)
      : context_(context), admission_(admission), deletion_(deletion), index_(index) {}

  Answer create(const ApiRequest& request, Seq cause);  // K2-K6, K8
  Answer get(const ApiRequest& request, Seq cause) const;
  Answer patch(const ApiRequest& request, Seq cause);   // metadata.labels and annotations, or the resize subresource
  Answer remove(const ApiRequest& request, Seq cause);  // K27-K31
  // Its whole new version: metadata, what of the spec may change; with subresource "status" the status instead.
  Answer update(const ApiRequest& request, Seq cause);  // 404, 409, 422
  Answer bind(const ApiRequest& request, Seq cause);    // subresource binding; body: the node
  Answer evict(const ApiRequest& request, Seq cause);   // subresource eviction (K78)

  // The pods that the request's namespace and selectors name, by "namespace/name".
  std::vector<const PodRecord*> select(const ApiRequest& request);

  // The id of the next pod to be stored; counted from 1.
  PodId next_id() { return ++last_id_; }

 private:
  Answer store(const ApiRequest& request, const Pod& body, Seq cause);
  Answer resize(const PodRecord& record, std::int64_t bytes, Seq cause);
  std::string generated_name(const std::string& ns, const std::string& base) const;

  Context& context_;
  Admission& admission_;
  Deletion& deletion_;
  LabelIndex& index_;
  PodId last_id_ = 0;
};

}  // namespace podramp::fakeapi
