// Fields that an object of its kind does not have, for fieldValidation=Strict: those of metadata, of pods and of pod
// templates down to their containers, and the parts of the other kinds. Deeper than that nothing is unknown to us.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "backend/port/manifest.h"

namespace podramp::fakeapi::rest {

// As the server words them: unknown field "spec.containers[0].imag".
std::vector<std::string> unknown_fields(Kind kind, const nlohmann::json& object);

}  // namespace podramp::fakeapi::rest
