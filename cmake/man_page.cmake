# The man page of weir, from its --help: cmake -DWEIR=program -DOUT=weir.1 -P man_page.cmake
execute_process(COMMAND ${WEIR} --help OUTPUT_VARIABLE help RESULT_VARIABLE code)
if(NOT code EQUAL 0)
  message(STATUS "${WEIR} cannot be started here: there is no man page")
  return()
endif()
execute_process(COMMAND ${WEIR} --version OUTPUT_VARIABLE version OUTPUT_STRIP_TRAILING_WHITESPACE)
# Backslashes, and points and quotes at the start of a line, mean something to troff.
string(REPLACE "\\" "\\\\" help "${help}")
string(REPLACE "-" "\\-" help "${help}")
string(REGEX REPLACE "(^|\n)([.'])" "\\1\\\\&\\2" help "${help}")
file(WRITE ${OUT} ".TH WEIR 1 \"\" \"${version}\" \"User Commands\"
.SH NAME
weir \\- Wasserstein gradient flows with particle ensembles
.SH DESCRIPTION
.nf
${help}.fi
.SH FILES
What a run leaves in out/<name>: deck.yaml, log.txt, metrics.csv, summary.json, snapshots.h5 and what was learned or drawn.
.SH EXIT STATUS
0 done; 1 failed while running; 2 bad input, nothing is written; 85 stopped early with a checkpoint.
.SH SEE ALSO
weir-plot (figures), weir-h5ad (results back into an .h5ad)
")
