// The garbage collector of owners: what is owned by objects that are all gone is deleted, in the background, at the
// pace of the collector's client: two calls an object, K33. Children whose owner was gone when they came follow soon
// (K34). It knows only owners that were stored here: an owner of which the cluster never heard is taken to exist
// elsewhere. Not here: pods of lost nodes (pod_gc.h). Not modelled: foreground and orphan deletion, the GC of
// terminated pods.
#pragma once

#include <cstdint>
#include <deque>
#include <set>
#include <string>
#include <vector>

#include "fakeapi/context.h"
#include "fakeapi/deletion.h"
#include "fakeapi/object_store.h"
#include "fakeapi/token_bucket.h"

namespace podramp::fakeapi {

class OwnerGc {
 public:
  OwnerGc(Context& context, ObjectStore& store, Deletion& deletion);

  void on_fact(const Fact& fact, Seq seq);
  void on_timer(const ClusterTimer& timer, Seq cause);
  // Appends "garbage collector waits for: ...".
  void waiting(std::vector<std::string>& lines) const;

 private:
  enum Kind : std::uint8_t { kScan, kCollect };

  struct Item {       // to be looked at, and deleted when all its owners are gone
    PodId pod = 0;    // 0: another kind
    std::string uid;  // of that
    Seq cause = 0;
  };

  void gone(const std::string& uid, Seq seq);
  void came(const std::vector<OwnerReference>& owners, PodId pod, const std::string& uid, Seq seq);
  bool known_gone(const OwnerReference& owner) const;
  bool abandoned(const std::vector<OwnerReference>& owners) const;
  void scan(Seq cause);
  void arm();
  void collect();

  Context& context_;
  ObjectStore& store_;
  Deletion& deletion_;
  TokenBucket client_;
  std::set<std::string, std::less<>> owners_;  // uids that somebody names and that were here when last heard of
  std::set<std::string, std::less<>> gone_;    // those that are gone, of uids that do not tell so by themselves
  std::vector<std::string> to_scan_;           // owners whose end has not been heard of yet
  std::deque<Item> queue_;
  bool armed_ = false;
  bool idle_ = true;  // nothing is under way
  std::uint64_t collected_ = 0;
  std::vector<OwnerReference> last_owners_;  // noted already: a run of pods has the same
};

}  // namespace podramp::fakeapi
