// GoogleTest with MPI, Kokkos and PETSc started: a test fails where it fails on any rank.
#include <gtest/gtest.h>

#include <cstdlib>

#include "weir/base/Libraries.hpp"

namespace {
// Only the root reports what passes; every rank reports what fails.
class Quiet : public testing::EmptyTestEventListener {
  void OnTestPartResult(const testing::TestPartResult& result) override {
    if (result.failed())
      fprintf(stderr, "%s:%d: %s\n", result.file_name() ? result.file_name() : "?", result.line_number(),
              result.message());
  }
};
}  // namespace

int main(int argc, char** argv) {
  // On devices tests read Views right after kernels, so a launch ends with its kernel there. What is missing
  // in the library itself, runs of the program show.
  setenv("CUDA_LAUNCH_BLOCKING", "1", 0);
  setenv("AMD_SERIALIZE_KERNEL", "3", 0);
  testing::InitGoogleTest(&argc, argv);
  weir::Libraries libraries(argc, argv);
  weir::trap_invalid_operations();  // a test that means to compute with not-a-numbers says so
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  if (rank != 0) {
    auto& listeners = testing::UnitTest::GetInstance()->listeners();
    delete listeners.Release(listeners.default_result_printer());
    listeners.Append(new Quiet);
  }
  int failed = RUN_ALL_TESTS();
  MPI_Allreduce(MPI_IN_PLACE, &failed, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
  return failed;
}
