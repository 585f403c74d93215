using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Kl3m.Benchmarks.Throughput;

/// <summary>llama.cpp's <c>llama-batched-bench</c> on one GGUF file, in a process of its own for each round.</summary>
internal sealed class Peer(string program, string gguf, int threads, int context, IReadOnlyList<int> batches, IReadOnlyList<int> prompts, int steps)
{
    private readonly string name = "llama.cpp " + Path.GetFileNameWithoutExtension(gguf);

    /// <summary>For decoding each sequence reads <c>context</c> tokens and writes <c>steps</c>; only the writing counts.</summary>
    public void Measure(Figures figures)
    {
        foreach (var line in Run([context], batches, steps))
        {
            figures.Add($"decode {line.Batch}", "tokens/s", line.Decode, name);
        }
        foreach (var line in Run(prompts, [1], 1))
        {
            figures.Add($"prefill {line.Prompt}", "tokens/s", line.Prefill, name);
        }
    }

    private List<(int Batch, int Prompt, double Decode, double Prefill)> Run(IReadOnlyList<int> prompts, IReadOnlyList<int> batches, int steps)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true };
        (string Option, object Value)[] options =
        [
            ("-m", gguf), ("-c", (prompts.Max() + steps + 1) * batches.Max() + 64), ("-b", 2048), ("-ub", 512), ("-npp", string.Join(',', prompts)),
            ("-ntg", steps), ("-npl", string.Join(',', batches)), ("-t", threads), ("-tb", threads), ("--output-format", "jsonl"),
        ];
        foreach (var (option, value) in options)
        {
            start.ArgumentList.Add(option);
            start.ArgumentList.Add(Convert.ToString(value, CultureInfo.InvariantCulture)!);
        }
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? [.. output.Split('\n').Where(line => line.StartsWith('{')).Select(Parse)]
            : throw new InvalidOperationException($"{program} ended with {process.ExitCode}: {errors.Result}");
    }

    private static (int Batch, int Prompt, double Decode, double Prefill) Parse(string line)
    {
        using var json = JsonDocument.Parse(line);
        double Field(string name) => json.RootElement.GetProperty(name).GetDouble();
        return ((int)Field("pl"), (int)Field("pp"), Field("speed_tg"), Field("speed_pp"));
    }
}
