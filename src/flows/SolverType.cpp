#include "flows/SolverType.hpp"

#include <petscsys.h>

#include <algorithm>

#include "input/Suggestion.hpp"
#include "weir/base/Calls.hpp"

namespace weir {

const std::vector<std::string>& native_solvers() {
  static const std::vector<std::string> all{"euler", "rk", "ssp", "beuler", "cn", "bdf"};
  return all;
}

bool is_implicit(const std::string& type) {
  return type == "beuler" || type == "cn" || type == "bdf";
}

namespace {

/// PETSc's options that would end a run elsewhere than the deck says, or step otherwise than it says.
struct Refused {
  const char *option, *remedy;
};
constexpr const char* deck_has_times = "start, step and end of a run are the deck's";
constexpr Refused refused_options[] = {
    {"-ts_init_time", deck_has_times},
    {"-ts_max_time", deck_has_times},
    {"-ts_final_time", deck_has_times},
    {"-ts_dt", deck_has_times},
    {"-ts_time_step", deck_has_times},
    {"-ts_max_steps", deck_has_times},
    {"-ts_run_steps", deck_has_times},
    {"-ts_exact_final_time", "a run ends at the deck's end"},
    {"-ts_time_span", deck_has_times},
    {"-ts_eval_times", "snapshots come as the deck says"},
    {"-ts_adapt_type", "steps adapt where the deck has `scheme: rk` with a `tolerance`"},
    {"-ts_adapt_always_accept", "errors stay below the deck's tolerance"},
    {"-ts_adapt_dt_min", "errors stay below the deck's tolerance"},
    {"-ts_rtol", "the tolerance is the deck's"},
    {"-ts_atol", "the tolerance is the deck's"},
    {"-ts_rk_type", "rk is of order 4, or Dormand and Prince's pair where the deck has a `tolerance`"},
};

bool is_given(const char* option) {
  PetscBool given = PETSC_FALSE;
  WEIR_PETSC(PetscOptionsHasName(nullptr, nullptr, option, &given));
  return given == PETSC_TRUE;
}

/// -ts_type, or nothing.
std::string type_given() {
  char type[256] = "";
  PetscBool given = PETSC_FALSE;
  WEIR_PETSC(PetscOptionsGetString(nullptr, nullptr, "-ts_type", type, sizeof type, &given));
  return given ? type : "";
}

/// Whether a native type does what the rule would: it moves a block by its velocity, in one step.
bool is_plain(const Block& block) {
  const auto* langevin = std::get_if<LangevinOptions>(&block.rule);
  return langevin && !langevin->step && block.substeps == 1;
}

/// What only the type "weir" can do.
void check_native(const std::string& type, const std::string& name, const SteppingOptions& options,
                  const Flow& flow, const std::string& where) {
  const auto& native = native_solvers();
  if (std::find(native.begin(), native.end(), type) == native.end())
    throw InputError(
        where, fmt::format("{} is not a solver that Weir can use; allowed: weir, {}", name, joined(native)));
  const Layout& layout = *flow.layout();
  for (Index b = 0; b < layout.blocks(); ++b) {
    const Block& block = layout[b];
    const Real noise = flow.largest_temperature(options.start, options.end, b);
    if (noise > 0)
      throw InputError(
          where,
          fmt::format("{} integrates noise-free flows, and block {} has noise of temperature {:g}; use "
                      "langevin or leimkuhler_matthews, or `entropy: {{by: blob}}`, which makes the "
                      "entropy noise-free",
                      name, block.name, noise));
    if (!is_plain(block))
      throw InputError(where, fmt::format("{} cannot apply rule {} of block {}; remove -ts_type", name,
                                          name_of(block.rule), block.name));
  }
  if (flow.changes_state() || options.order == StepOrder::in_turn)
    throw InputError(where,
                     fmt::format("{} moves all blocks together, and changes nothing between steps, which "
                                 "this flow needs; remove -ts_type",
                                 name));
}

}  // namespace

std::string solver_type(const SteppingOptions& options, const Flow& flow, const std::string& where) {
  for (const auto& refused : refused_options)
    if (is_given(refused.option))
      throw InputError(
          fmt::format("PETSc's option {}: {}; remove the option", refused.option, refused.remedy));
  const std::string by_deck = options.solver, given = type_given();
  const std::string type = given.empty() ? by_deck : given;
  if (type == "weir") {
    if (by_deck != type)
      throw InputError(where, fmt::format("PETSc's option -ts_type weir runs the schemes {}, and this is {}; "
                                          "choose one of them, or remove the option",
                                          joined(LangevinOptions::keys()), options.solver));
    return type;
  }
  if (options.tolerance && type != "rk")
    throw InputError(where,
                     fmt::format("PETSc's option -ts_type {} takes no tolerance; remove one of them", type));
  check_native(type, given.empty() ? type : "PETSc's option -ts_type " + type, options, flow, where);
  return type;
}

}  // namespace weir
