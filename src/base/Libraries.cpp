#include "weir/base/Libraries.hpp"

#include <dlfcn.h>
#include <fenv.h>
#ifdef WEIR_SANITIZE
#include <sanitizer/lsan_interface.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#endif

#include <Kokkos_Core.hpp>

#include "weir/base/Calls.hpp"

namespace weir {

namespace {
// OpenBLAS would start a thread per core in every rank. Looked up at run time: other BLAS have no such call.
void hold_blas_to_one_thread() {
  using SetThreads = void (*)(int);
  if (auto set_threads = reinterpret_cast<SetThreads>(dlsym(RTLD_DEFAULT, "openblas_set_num_threads")))
    set_threads(1);
}

// Says nothing and hands the code to the caller; PETSc's own handler for that changed its name.
PetscErrorCode pass_on(MPI_Comm, int, const char*, const char*, PetscErrorCode code, PetscErrorType,
                       const char*, void*) {
  return code;
}
}  // namespace

Libraries::Libraries(int& argc, char** argv, const std::vector<std::string>& petsc_options) {
#ifdef WEIR_SANITIZE
  const __lsan::ScopedDisabler what_they_lose_as_they_start;
#endif
  // Open MPI keeps shared file pointers, which Weir has no use for, behind a semaphore that is named after
  // the file alone. A run that is killed as it writes leaves it behind, and whoever writes a file of that
  // name on the node would then wait for ever. (setenv: what the user has set stays.)
  setenv("OMPI_MCA_sharedfp", "^sm", 0);
  int provided = 0;
  WEIR_MPI(MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided));
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);  // errors are checked and reported once, by WEIR_HDF5
  Kokkos::initialize(argc, argv);

  std::vector<char*> words;
  // Errors travel as return codes to WEIR_PETSC, and signals are StopSignals' business.
  static char program[] = "weir", no_handler[] = "-no_signal_handler";
  words.push_back(program);
  words.push_back(no_handler);
  for (const auto& option : petsc_options) words.push_back(const_cast<char*>(option.c_str()));
  int count = int(words.size());
  words.push_back(nullptr);
  char** arguments = words.data();
  WEIR_PETSC(PetscInitialize(&count, &arguments, nullptr, nullptr));
  WEIR_PETSC(PetscPushErrorHandler(pass_on, nullptr));
  hold_blas_to_one_thread();
}

Libraries::~Libraries() {
#ifdef WEIR_SANITIZE
  // Later, memory that the libraries keep to the end would have nobody who points to it.
  const bool leaks = __lsan_do_recoverable_leak_check() != 0;
#endif
  PetscFinalize();
  Kokkos::finalize();
  MPI_Finalize();
#ifdef WEIR_SANITIZE
  if (leaks) {
    std::fflush(nullptr);
    _exit(23);  // the sanitizer's own code
  }
#endif
}

std::vector<std::string> unused_petsc_options() {
  PetscInt count = 0;
  char **names = nullptr, **values = nullptr;
  WEIR_PETSC(PetscOptionsLeftGet(nullptr, &count, &names, &values));
  std::vector<std::string> unused;
  for (PetscInt i = 0; i < count; ++i)
    if (std::string(names[i]) != "no_signal_handler") unused.push_back(std::string("-") + names[i]);
  WEIR_PETSC(PetscOptionsLeftRestore(nullptr, &count, &names, &values));
  return unused;
}

int host_threads() {
  return Kokkos::DefaultHostExecutionSpace().concurrency();
}

bool trap_invalid_operations(bool trap) {
#if defined(__GLIBC__)
  // Every thread has its own switch; as many iterations as threads are one each.
  using Host = Kokkos::DefaultHostExecutionSpace;
  int refused = 0;
  Kokkos::parallel_reduce(
      "Weir::trap_invalid_operations",
      Kokkos::RangePolicy<Host, Kokkos::Schedule<Kokkos::Static>>(0, Host().concurrency()),
      [trap](int, int& count) {
        count += (trap ? feenableexcept(FE_INVALID) : fedisableexcept(FE_INVALID)) == -1;
      },
      refused);
  return refused == 0;
#else
  (void)trap;
  return false;
#endif
}

}  // namespace weir
