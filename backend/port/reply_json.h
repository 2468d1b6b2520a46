// What stands around the objects on the wire: Status, lists, watch events, and the bodies of requests. Shared by the
// served cluster (which writes replies and reads requests) and the live client (the other way round).
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backend/port/api.h"
#include "backend/port/kube_json.h"

namespace podramp {

// --- Status ----------------------------------------------------------------------------------------------------

// What a Status says besides code, reason and message. Empty parts are left out.
struct StatusDetails {
  std::string name;   // of the object
  std::string group;  // of its resource
  std::string kind;   // its plural, as Kubernetes writes it: "pods"
  std::string uid;
  std::vector<FieldError> causes;  // path and message
};

// {"kind":"Status",...} of a reply: Failure for an error's code, else Success. retry_after_s becomes
// details.retryAfterSeconds.
std::string status_text(const ApiReply& reply, const StatusDetails& details = {});

// --- lists and events ------------------------------------------------------------------------------------------

// {"kind":"PodList","apiVersion":"v1","metadata":{...},"items":[...]}; items are texts of objects.
std::string list_text(std::string_view kind, std::string_view version, const std::vector<std::string>& items,
                      std::uint64_t resource_version, std::string_view continue_token,
                      std::optional<std::int64_t> remaining);

// {"type":"ADDED","object":...} without a newline.
std::string watch_event_text(WatchEventType type, std::string_view object);
// The object of a BOOKMARK: kind, resourceVersion, and the annotation of K25 when the initial events have ended.
std::string bookmark_object(std::string_view kind, std::string_view version, std::uint64_t resource_version,
                            bool initial_end);

// --- a client's side -------------------------------------------------------------------------------------------

// The reply to `request` that came with this HTTP code, Retry-After header (when it was a number) and body. A body
// that is no JSON of the expected kind makes its text the message (cut), and of a success the error InternalError.
ApiReply reply_from_text(const ApiRequest& request, int code, std::optional<std::int64_t> retry_after_s,
                         std::string_view body, WallZero zero);

// One line of a watch of pods: an event; or, for ERROR, the Status it carries (which ends the watch); or neither,
// for a line that cannot be read, with why in status.message and code 0.
struct WatchLine {
  std::optional<WatchEvent> event;
  std::uint64_t resource_version = 0;  // of the event's object
  ApiReply status;
};
WatchLine watch_line_from_text(std::string_view line, WallZero zero);

// Body of a DELETE ("" when the request asks for nothing special) and of a PATCH: merge patches of what it sets.
std::string delete_options_text(const ApiRequest& request, bool dry_run = false);
std::string patch_text(const ApiRequest& request);

// A DELETE's body into grace_s and the preconditions. A body that is empty asks for nothing. propagation is
// "Background", "Foreground", "Orphan" or "".
struct DeleteOptions {
  std::optional<std::int64_t> grace_s;
  std::string uid;
  std::string resource_version;
  std::string propagation;
  bool dry_run = false;
};
Result<DeleteOptions> delete_options_from_text(std::string_view body);

}  // namespace podramp
