#include "backend/backend.h"

#include <utility>

#include "backend/spark_driver.h"

namespace podramp::backend {

Backend::Backend(Application application) : driver_(make_spark_driver(std::move(application))) {}

}  // namespace podramp::backend
