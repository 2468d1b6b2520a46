// What each verb does to objects of other kinds than pods, decided and committed at once (pod_verbs.h is the same for
// pods). Watches of these kinds are not modelled: 405. Not here: faults, latency, time-outs (api_server.h).
#pragma once

#include <string>
#include <vector>

#include "fakeapi/context.h"
#include "fakeapi/object_store.h"
#include "fakeapi/pod_verbs.h"

namespace podramp::fakeapi {

class ManifestVerbs {
 public:
  ManifestVerbs(Context& context, ObjectStore& store) : context_(context), store_(store) {}

  static bool serves(Kind kind) { return kind != Kind::pod && kind != Kind::node; }

  Answer create(const ApiRequest& request, Seq cause);  // 201, 400, 409, 422
  Answer get(const ApiRequest& request, Seq cause) const;
  Answer list(const ApiRequest& request, Seq cause) const;
  // metadata.labels and annotations, a set's replicas, a claim's storage request.
  Answer patch(const ApiRequest& request, Seq cause);
  Answer remove(const ApiRequest& request, Seq cause);

  // "namespace/name" of those that the request's namespace and selectors name, in order. Only metadata.name and
  // metadata.namespace are known as fields; others select nothing (list refuses them with 400).
  std::vector<std::string> select(const ApiRequest& request) const;
  // One object of a deletecollection.
  Seq remove_one(Kind kind, const std::string& full_name, Seq cause) {
    return store_.remove(kind, full_name, "api", "apiserver", cause);
  }

 private:
  std::string refuse_growth(const ApiRequest& request, const ClaimSpec& claim, ApiReply& reply) const;

  Context& context_;
  ObjectStore& store_;
};

}  // namespace podramp::fakeapi
