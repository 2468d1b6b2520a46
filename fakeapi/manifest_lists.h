// Lists of other kinds than pods: in pages, of the present or of a version that the watch cache still knows (K14, K15).
// Unlike pods' (pod_lists.h) they keep no snapshot: the history of such a kind is short enough to undo.
#pragma once

#include <vector>

#include "fakeapi/context.h"
#include "fakeapi/pod_history.h"
#include "fakeapi/pod_verbs.h"

namespace podramp::fakeapi {

class ManifestLists {
 public:
  explicit ManifestLists(const Context& context) : context_(context) {}

  // history: of the request's kind. Errors: 400 for a field, token or version that is none, 410 for one too old.
  Answer list(const ApiRequest& request, const ManifestHistory& history, Seq cause) const;

 private:
  std::vector<ManifestPtr> at(const ApiRequest& request, const ManifestHistory& history, std::uint64_t rv) const;

  const Context& context_;
};

}  // namespace podramp::fakeapi
