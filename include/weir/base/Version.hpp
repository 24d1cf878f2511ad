// What this program is, and what it was built with and runs on.
#pragma once

#include <string>

namespace weir {

/// "0.1.0"
std::string version();

/// One line a fact: compiler, build type, and the versions of the libraries found at run time. MPI need not
/// have been started.
std::string build_info();

}  // namespace weir
