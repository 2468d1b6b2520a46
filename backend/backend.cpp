#include "backend/backend.h"

#include <utility>

#include "backend/local_driver.h"
#include "backend/spark_driver.h"

namespace podramp::backend {

Backend::Backend(Application application)
    : driver_(application.conf.local_master.empty() ? make_spark_driver(std::move(application))
                                                    : make_local_driver(std::move(application))) {}

}  // namespace podramp::backend
