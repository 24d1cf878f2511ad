# The check of rooms refuses what it should, on trees of one file.
#   cmake -DCHECK=rooms.cmake -DFOLDER=.. -DARGUMENTS=.. -P rooms_refusals.cmake
cmake_minimum_required(VERSION 3.22)

# expect(YES|NO file include): whether a file with that include passes.
function(expect passes file include)
  file(REMOVE_RECURSE ${FOLDER})
  file(WRITE ${FOLDER}/${file} "#include \"${include}\"\n")
  execute_process(COMMAND ${CMAKE_COMMAND} -DSOURCE=${FOLDER} ${ARGUMENTS} -P ${CHECK}
    RESULT_VARIABLE code OUTPUT_VARIABLE out ERROR_VARIABLE out)
  if((passes AND NOT code EQUAL 0) OR (NOT passes AND code EQUAL 0))
    message(SEND_ERROR "${file} including ${include}: expected to pass: ${passes}, exit code ${code}\n${out}")
  endif()
endfunction()

expect(YES src/ensemble/A.cpp weir/parallel/Random.hpp)
expect(NO src/parallel/A.cpp weir/ensemble/Ensemble.hpp)
expect(NO src/ensemble/A.cpp Split.hpp)
expect(NO src/cellar/A.cpp weir/base/Error.hpp)
expect(NO include/weir/methods/A.hpp weir/base/Error.hpp)
expect(YES include/weir/methods/Run.hpp weir/base/Error.hpp)
expect(YES src/methods/populations/A.cpp methods/simulate/Simulation.hpp)
expect(NO src/methods/simulate/A.cpp methods/populations/Populations.hpp)
expect(YES src/methods/latent_ebm/A.cpp methods/generative/Samples.hpp)
expect(NO src/methods/latent_ebm/A.cpp methods/learn_energies/LearnEnergies.hpp)
expect(NO src/methods/learn_energies/linear/A.cpp methods/latent_ebm/LatentEbm.hpp)
expect(YES src/methods/learn_energies/A.cpp methods/learn_energies/linear/LinearModel.hpp)
expect(YES src/methods/latent_ebm/A.cpp weir/methods/Method.hpp)
expect(NO src/performance/A.cpp weir/methods/Method.hpp)
expect(NO src/methods/latent_ebm/A.cpp weir/methods/Run.hpp)
expect(YES src/methods/Registry.cpp methods/simulate/Simulate.hpp)
