#!/bin/sh
# The build stage: publishes the app from the sources that this file lies in. publish.sh cpu|cuda|none FOLDER
set -eu
cd "$(dirname "$0")/../.."
torch=$1
folder=$2
case "$torch" in cpu | cuda | none) ;; *) echo "The first word must be cpu, cuda or none, not '$torch'." >&2; exit 2 ;; esac
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
dotnet publish src/Kl3m.Playground -c Release -p:Torch="$torch" -o "$folder" --nologo -v q
# Symbols are for debuggers, and libtorch's parts for Python and for its own tests are for nobody here.
cd "$folder"
rm -f ./*.pdb libtorch_python.so libjitbackend_test.so libtorchbind_test.so libbackend_with_compiler.so libaoti_custom_ops.so libnnapi_backend.so
