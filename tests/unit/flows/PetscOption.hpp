// PETSc's options in tests.
#pragma once

#include <petscsys.h>

#include <string>

#include "weir/base/Error.hpp"

namespace weir::testing_tools {

/// One of PETSc's options, as if given on the command line, for as long as the object lives.
class PetscOption {
 public:
  explicit PetscOption(std::string name, const std::string& value = "") : name_(std::move(name)) {
    WEIR_CHECK(PetscOptionsSetValue(nullptr, name_.c_str(), value.c_str()) == 0);
  }
  ~PetscOption() { PetscOptionsClearValue(nullptr, name_.c_str()); }
  PetscOption(const PetscOption&) = delete;
  PetscOption& operator=(const PetscOption&) = delete;

 private:
  std::string name_;
};

}  // namespace weir::testing_tools
