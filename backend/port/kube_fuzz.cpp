// A libFuzzer target (scripts/fuzz): any text is an object or a list of mistakes, and an object that was read is
// written as a text that reads as the same. The first byte says as what the rest is read.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "backend/port/kube_json.h"
#include "backend/port/reply_json.h"

namespace podramp {
namespace {

void check(bool holds) {
  if (!holds) std::abort();
}

void read_pod(std::string_view text) {
  const auto first = pod_from_text(text, {});
  if (first.value == nullptr || !first.errors.empty()) return;
  const std::string written = pod_text(*first.value, {});
  const auto second = pod_from_text(written, {});
  check(second.value != nullptr && second.errors.empty());
  check(pod_text(*second.value, {}) == written);
}

void read_manifest(std::string_view text, Kind kind) {
  const auto first = manifest_from_text(text, kind, {});
  if (first.value == nullptr || !first.errors.empty()) return;
  const std::string written = manifest_text(*first.value, {});
  const auto second = manifest_from_text(written, kind, {});
  check(second.value != nullptr);
  check(manifest_text(*second.value, {}) == written);
}

void read_selectors(std::string_view text) {
  if (const auto labels = parse_label_selector(text)) {
    const auto again = parse_label_selector(to_string(*labels));
    check(again.has_value() && *again == *labels);
  }
  if (const auto fields = parse_field_selector(text)) {
    const auto again = parse_field_selector(to_string(*fields));
    check(again.has_value() && *again == *fields);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  constexpr auto kKinds = EnumText<Kind>::names.size();
  const std::size_t what = data[0] % (kKinds + 4);
  if (what < kKinds) {
    what == 0 ? read_pod(text) : read_manifest(text, static_cast<Kind>(what));
  } else if (what == kKinds) {
    read_selectors(text);
  } else if (what == kKinds + 1) {
    watch_line_from_text(text, {});
  } else if (what == kKinds + 2) {
    (void)delete_options_from_text(text);
  } else {
    ApiRequest request;
    request.verb = Verb::list;
    (void)reply_from_text(request, 200, std::nullopt, text, {});
    (void)reply_from_text(request, 404, std::nullopt, text, {});
  }
  return 0;
}

}  // namespace podramp
