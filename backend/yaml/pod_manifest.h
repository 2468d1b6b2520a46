// A Pod manifest as YAML or JSON -> a Pod with its PodTemplate: every field we model, typed, and the rest word for word
// in extra_json. Used for pod templates of executors and drivers (02 6.3). No file is opened here.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "backend/port/kube.h"
#include "backend/port/status.h"

namespace podramp::yaml {

// The pod of a manifest, or every mistake in it, each with line and field (S-I4): syntax, another kind than Pod, more
// than one document, a value of the wrong type, a quantity that is none. file: only for messages.
// A manifest without kind counts as a Pod; without containers it is one (S-I5). Status is not read.
tl::expected<PodPtr, FieldErrors> read_pod_manifest(std::string_view text, std::string_view file);

// The same manifest as one line of JSON, for a log's header: reading it gives an equal Pod. Only for a text that
// read_pod_manifest accepts.
std::string manifest_json(std::string_view text);

// Spark's own words for a template that cannot be used, with the mistakes (02 6.3): one text for a person.
std::string template_error(std::string_view file, const FieldErrors& errors);

}  // namespace podramp::yaml
