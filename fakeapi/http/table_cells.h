// Columns and cells of each kind, as kube-apiserver's printers have them (pkg/printers/internalversion). Private to
// table_json.cpp.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "fakeapi/http/views.h"

namespace podramp::fakeapi::rest {

struct Column {
  std::string_view name;
  std::string_view type = "string";
  bool wide = false;  // only with -o wide
};
const std::vector<Column>& columns_of(Kind kind);
nlohmann::json cells_of(Kind kind, const nlohmann::json& object, const Scene& scene);

}  // namespace podramp::fakeapi::rest
