// What each verb does to objects of other kinds than pods, decided and committed at once (pod_verbs.h is the same for
// pods). Not here: nodes (node_verbs.h), pages of lists (manifest_lists.h), faults, latency, time-outs (api_server.h).
#pragma once

#include <string>
#include <vector>

#include "fakeapi/context.h"
#include "fakeapi/namespaces.h"
#include "fakeapi/object_store.h"
#include "fakeapi/pod_verbs.h"

namespace podramp::fakeapi {

class ManifestVerbs {
 public:
  ManifestVerbs(Context& context, ObjectStore& store) : context_(context), store_(store) {}
  // Without it a namespace is removed at once, whatever is in it.
  void set_namespaces(Namespaces& namespaces) { namespaces_ = &namespaces; }

  static bool serves(Kind kind) { return kind != Kind::pod && kind != Kind::node; }

  Answer create(const ApiRequest& request, Seq cause);  // 201, 400, 409, 422
  Answer get(const ApiRequest& request, Seq cause) const;
  // metadata.labels and annotations, a set's replicas, a claim's storage request.
  Answer patch(const ApiRequest& request, Seq cause);
  // The object's whole new version; what is the server's stays. 404, 409 (K4), 422.
  Answer update(const ApiRequest& request, Seq cause);
  Answer remove(const ApiRequest& request, Seq cause);

  // Fields: metadata.name, metadata.namespace and the object's selectable ones; others match nothing.
  static bool matches(const FieldSelector& selector, const Manifest& object);
  // A field that objects of this kind do not have: the text of the 400, or "".
  static std::string unknown_field(Kind kind, const FieldSelector& selector);

  // "namespace/name" of those that the request's namespace and selectors name, in order.
  std::vector<std::string> select(const ApiRequest& request) const;
  // One object of a deletecollection.
  Seq remove_one(Kind kind, const std::string& full_name, Seq cause) {
    return store_.remove(kind, full_name, "api", "apiserver", cause);
  }

 private:
  std::string generated_name(const Manifest& object) const;
  std::string refuse_growth(const ApiRequest& request, const ClaimSpec& claim, ApiReply& reply) const;

  Context& context_;
  ObjectStore& store_;
  Namespaces* namespaces_ = nullptr;
};

}  // namespace podramp::fakeapi
