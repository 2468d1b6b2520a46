// A libFuzzer target (scripts/fuzz): patches of all kinds, and server-side apply, of any object by any patch. The first
// byte says which; an empty line stands between object and patch. Nothing is thrown, what is done twice is done once,
// and the managed fields of what was applied read as they are shown.
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string_view>

#include "fakeapi/http/managed_fields.h"
#include "fakeapi/http/patches.h"

namespace podramp::fakeapi::rest {
namespace {

using nlohmann::json;

void check(bool holds) {
  if (!holds) std::abort();
}

// As the front refuses it before anybody looks at it.
bool is_deep(std::string_view text) {
  int depth = 0;
  for (const char c : text) {
    depth += c == '[' || c == '{' ? 1 : c == ']' || c == '}' ? -1 : 0;
    if (depth > 100) return true;
  }
  return false;
}

void apply(const json& object, const json& applied, bool force) {
  ManagedFields managed;
  const FieldManager me{"me", true, ""};
  managed.note("u", ManagedFields::changed(json::object(), object, {"other", false, ""}));
  json first = object;
  const ManagedFields::Applied done = managed.apply(first, applied, "u", me, force);
  check(!force || done.conflicts.empty());
  if (!done.conflicts.empty()) return;
  managed.note("u", done.write);
  const json shown = managed.show("u");
  ManagedFields again;
  again.replace("u", shown);
  check(again.show("u") == shown);
}

}  // namespace
}  // namespace podramp::fakeapi::rest

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace podramp::fakeapi::rest;  // NOLINT(google-build-using-namespace): the whole file is about it
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t gap = text.find("\n\n");
  if (gap == std::string_view::npos || is_deep(text)) return 0;
  const json object = json::parse(text.substr(0, gap), nullptr, false);
  const json patch = json::parse(text.substr(gap + 2), nullptr, false);
  if (!object.is_object() || patch.is_discarded()) return 0;
  switch (data[0] % 5) {
    case 0: {
      const json once = merge_patched(object, patch);
      check(merge_patched(once, patch) == once);
      break;
    }
    case 1: (void)json_patched(object, patch); break;
    case 2: (void)strategic_patched(object, patch); break;
    default:
      if (patch.is_object()) apply(object, patch, data[0] % 5 == 3);
  }
  return 0;
}
