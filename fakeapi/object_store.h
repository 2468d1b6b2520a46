// How objects of other kinds than pods come, change and go: each is one fact with one new resource version.
// Callers: the API server's verbs, the set controllers, the garbage collector. Not here: whether they may.
#pragma once

#include <cstdint>
#include <string_view>

#include "fakeapi/claims.h"
#include "fakeapi/context.h"

namespace podramp::fakeapi {

class ObjectStore {
 public:
  ObjectStore(Context& context, Claims& claims) : context_(context), claims_(claims) {}

  // The configured objects of the start.
  void start();
  // Stores an object whose name is free: it gets its uid, version and creation time, a claim its phase.
  Seq create(Manifest object, std::string_view by, Seq cause);
  // The object's next version; only what is not the server's may differ.
  Seq change(Manifest next, std::string_view by, Seq cause);
  // Removes it. A claim that a scheduled pod uses is marked, and goes with the last of these pods. Unknown: nothing.
  Seq remove(Kind kind, std::string_view full_name, std::string_view why, std::string_view by, Seq cause);

 private:
  Context& context_;
  Claims& claims_;
  std::uint64_t last_object_ = 0;
};

}  // namespace podramp::fakeapi
