// Which of PETSc's solvers drives a stage: the deck's scheme, or the option -ts_type of the command line.
#pragma once

#include <string>
#include <vector>

#include "weir/flows/Stage.hpp"

namespace weir {

bool is_implicit(const std::string& type);

/// The TS type: "weir" for the Langevin schemes, the scheme itself or what -ts_type says else. Throws
/// InputError (key `where`) where that cannot drive the flow, and where other options of PETSc's would change
/// what the deck promises.
std::string solver_type(const SteppingOptions& options, const Flow& flow, const std::string& where);

}  // namespace weir
