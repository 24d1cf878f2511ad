#include "weir/base/Calls.hpp"

#include <exception>
#include <utility>

namespace weir::detail {

void check_mpi(int code, const char* call) {
  if (code == MPI_SUCCESS) return;
  char text[MPI_MAX_ERROR_STRING] = "";
  int length = 0;
  MPI_Error_string(code, text, &length);
  throw LibraryError(fmt::format("MPI: {} in {}", text, call));
}

namespace {
std::exception_ptr& kept() {
  static std::exception_ptr exception;
  return exception;
}
}  // namespace

void keep_current_exception() {
  kept() = std::current_exception();
}

namespace {
// PetscErrorMessage, whose last argument became const between PETSc 3.18 and 3.25.
template <class Code, class Text>
std::string petsc_text(PetscErrorCode (*message)(Code, const char**, Text**), PetscErrorCode code) {
  const char* general = nullptr;
  Text* specific = nullptr;
  message(code, &general, &specific);
  return fmt::format("{}{}{}", general ? general : "unknown error", specific && *specific ? ": " : "",
                     specific ? specific : "");
}
}  // namespace

void check_petsc(PetscErrorCode code, const char* call) {
  if (code == 0) return;
  if (kept()) std::rethrow_exception(std::exchange(kept(), nullptr));
  throw LibraryError(fmt::format("PETSc: {} in {}", petsc_text(PetscErrorMessage, code), call));
}

namespace {
// The innermost frame of HDF5's error stack says what really went wrong.
herr_t innermost(unsigned, const H5E_error2_t* frame, void* text) {
  if (frame->desc) *static_cast<std::string*>(text) = frame->desc;
  return 0;
}
}  // namespace

hid_t check_hdf5(hid_t id_or_status, const char* call) {
  if (id_or_status >= 0) return id_or_status;
  std::string text = "unknown error";
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, innermost, &text);
  H5Eclear2(H5E_DEFAULT);
  throw LibraryError(fmt::format("HDF5: {} in {}", text, call));
}

}  // namespace weir::detail
