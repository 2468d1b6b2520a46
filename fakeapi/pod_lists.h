// Lists of pods as the API server answers them: now, from a cache that is behind, at an exact version, and in pages of
// one snapshot (K14, K15). Not here: which version may be asked for at all (api_server.h, K16).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fakeapi/context.h"
#include "fakeapi/pod_history.h"
#include "fakeapi/pod_verbs.h"

namespace podramp::fakeapi {

class PodLists {
 public:
  PodLists(Context& context, PodVerbs& verbs, PodHistory& history)
      : context_(context), verbs_(verbs), history_(history) {}

  // behind_us: how old the cache is that answers reads of "0". Errors: 400 for a token or version that is none, 410 for
  // one that is too old; a token that is too old comes back with one that goes on with what is there now.
  Answer list(const ApiRequest& request, DurationUs behind_us, Seq cause);
  // A get of "0" from a cache that is behind.
  Answer get(const ApiRequest& request, DurationUs behind_us, Seq cause) const;
  // What was there at that version: by "namespace/name", in order. The version must still be known.
  std::vector<PodPtr> at(const ApiRequest& request, std::uint64_t rv) const;

 private:
  struct Snapshot {
    TimeUs expires_us = 0;
    std::vector<PodPtr> pods;  // of the first page's namespace, all of them
  };
  struct Token {
    std::optional<std::uint64_t> rv;  // absent: whatever is there now
    std::string after;                // "namespace/name" of the last item
  };

  static std::optional<Token> parse(const std::string& text);
  Answer next_page(const ApiRequest& request, Seq cause);
  ApiReply page(const ApiRequest& request, std::vector<PodPtr> items, std::uint64_t rv) const;
  void keep_snapshot(std::uint64_t rv, const ApiRequest& request);
  void drop_expired();
  void compact();

  Context& context_;
  PodVerbs& verbs_;
  PodHistory& history_;
  std::map<std::pair<std::uint64_t, std::string>, Snapshot> snapshots_;  // by version and namespace
};

}  // namespace podramp::fakeapi
