// Which of an application's settings an imported scenario keeps: those that podramp's tables know and that are not of
// that one run alone; and which level of behaviour a Spark version means.
#pragma once

#include <string>
#include <string_view>

#include "backend/compat.h"
#include "backend/port/kube.h"
#include "sim/import/notes.h"

namespace podramp::sim {

// The settings that stay, all of them fine for make_conf; the others are in notes, each with its reason.
StringMap choose_conf(const StringMap& all, backend::Compat level, ImportNotes& notes);

// "3.5.1" -> spark-3.5: the highest level that is not above the version, else spark-3.5 with a note.
backend::Compat level_of_version(std::string_view version, ImportNotes& notes);

// Puts in an image when the conf names none: base_image, or one named after the Spark version.
void need_image(StringMap& conf, const std::string& base_image, std::string_view version, ImportNotes& notes);

}  // namespace podramp::sim
