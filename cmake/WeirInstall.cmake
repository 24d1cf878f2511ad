# `cmake --install`: the executable, the library with its headers, the Python package with weir-plot and weir-h5ad, and the decks, in a folder that may be moved.
include(CMakePackageConfigHelpers)

set(WEIR_INSTALL_CMAKE ${CMAKE_INSTALL_LIBDIR}/cmake/Weir)
set(WEIR_INSTALL_SHARE ${CMAKE_INSTALL_DATADIR}/weir)

# A shared library is found from the executable's own place; libraries in folders of their own where they were linked.
file(RELATIVE_PATH to_library /prefix/${CMAKE_INSTALL_BINDIR} /prefix/${CMAKE_INSTALL_LIBDIR})
set_target_properties(weir weir_library PROPERTIES INSTALL_RPATH "$ORIGIN/${to_library};$ORIGIN" INSTALL_RPATH_USE_LINK_PATH ON)
set_target_properties(weir PROPERTIES EXPORT_NAME program)  # Weir::weir is the library

install(TARGETS weir_library weir EXPORT WeirTargets
  RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/weir ${PROJECT_BINARY_DIR}/generated/weir
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN *.hpp)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/input DESTINATION ${WEIR_INSTALL_SHARE})

if(WEIR_PYTHON_FOUND)
  file(RELATIVE_PATH package /prefix/${CMAKE_INSTALL_BINDIR} /prefix/${WEIR_INSTALL_SHARE}/python)
  weir_python_scripts(${package} ${PROJECT_BINARY_DIR}/generated)
  install(PROGRAMS ${PROJECT_BINARY_DIR}/generated/weir-plot ${PROJECT_BINARY_DIR}/generated/weir-h5ad DESTINATION ${CMAKE_INSTALL_BINDIR})
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/src/python/weir DESTINATION ${WEIR_INSTALL_SHARE}/python FILES_MATCHING PATTERN *.py)
endif()

install(FILES ${PROJECT_SOURCE_DIR}/src/completion/weir.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME weir)
install(FILES ${PROJECT_SOURCE_DIR}/CITATION.cff DESTINATION ${WEIR_INSTALL_SHARE})
install(CODE "execute_process(COMMAND \"${CMAKE_COMMAND}\" \"-DWEIR=$<TARGET_FILE:weir>\" \"-DOUT=${PROJECT_BINARY_DIR}/generated/weir.1\" -P \"${PROJECT_SOURCE_DIR}/cmake/man_page.cmake\")")
install(FILES ${PROJECT_BINARY_DIR}/generated/weir.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 OPTIONAL)

install(EXPORT WeirTargets NAMESPACE Weir:: DESTINATION ${WEIR_INSTALL_CMAKE})
configure_package_config_file(cmake/WeirConfig.cmake.in ${PROJECT_BINARY_DIR}/generated/WeirConfig.cmake
  INSTALL_DESTINATION ${WEIR_INSTALL_CMAKE} NO_SET_AND_CHECK_MACRO NO_CHECK_REQUIRED_COMPONENTS_MACRO)
# Before 1.0 a minor version may change what it promises.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/generated/WeirConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/generated/WeirConfig.cmake ${PROJECT_BINARY_DIR}/generated/WeirConfigVersion.cmake
  cmake/WeirDependencies.cmake cmake/WeirRequirements.cmake cmake/requirements.txt DESTINATION ${WEIR_INSTALL_CMAKE})
