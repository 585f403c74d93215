using System.Globalization;
using Kl3m.Inference.Models;

namespace Kl3m.Benchmarks.Throughput;

/// <summary>The command line of <c>throughput</c>.</summary>
internal sealed record Settings
{
    public const string Help = """
        throughput: tokens/s, first tokens, and what is told about each token, of one model on this machine

          --model FOLDER        a model folder
          --shape NAME          instead: random weights of a shape: 1.7b, 1.7b-4-layers, 170m, bundled (what is taken without either), tiny
          --device NAME         auto, cpu, cuda, cuda:N                                                          (auto)
          --dtype NAME          as Engine:Dtype: auto, fp32, bf16, int8                                          (auto)
          --threads N           of the model on a CPU; 0 as the engine chooses                                   (0)
          --rounds N            every figure is measured once in each; the table tells best and median           (3)
          --batches A,B,...     sequences that are written at once                                               (1,8,16)
          --prompts A,B,...     tokens of the prompts that are read                                              (128,512)
          --context N           tokens in front of what is written                                               (16)
          --steps N             tokens written per sequence and round                                            (32)
          --only A,B,...        bandwidth, decode, prefill, first-token, information, eager                      (all; eager for models below 100 M)
          --out FILE            the same as JSON

        Beside llama.cpp, round by round in turn with this engine:
          --peer PROGRAM        its llama-batched-bench (of its sources: cmake -DGGML_NATIVE=ON, target llama-batched-bench)
          --gguf A,B,...        files to give it, of the same shape: convert_hf_to_gguf.py --outtype bf16, then llama-quantize to Q8_0. Weights may be
                                random: architecture gptneox, tokenizer.ggml.model no_vocab, gptneox.vocab_size set.
        """;

    private static readonly string[] Measures = ["bandwidth", "decode", "prefill", "first-token", "information", "eager"];

    public string? Model { get; init; }

    public string Shape { get; init; } = "bundled";

    public string Device { get; init; } = "auto";

    public string Dtype { get; init; } = "auto";

    public int Threads { get; init; }

    public int Rounds { get; init; } = 3;

    public IReadOnlyList<int> Batches { get; init; } = [1, 8, 16];

    public IReadOnlyList<int> Prompts { get; init; } = [128, 512];

    public int Context { get; init; } = 16;

    public int Steps { get; init; } = 32;

    public IReadOnlyList<string> Only { get; init; } = [];

    public string? Out { get; init; }

    public string? PeerProgram { get; init; }

    public IReadOnlyList<string> Gguf { get; init; } = [];

    public string Name => Model is null ? Shape : Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(Model)));

    public bool Wants(string measure) => Only.Count == 0 || Only.Contains(measure);

    public GptNeoXConfig Config() => Model is null ? Throughput.Shape.Find(Shape) : GptNeoXConfig.Load(Model);

    /// <exception cref="ArgumentException">A word is not understood; the message says which and what it may be.</exception>
    public static Settings Read(IReadOnlyList<string> words)
    {
        var settings = new Settings();
        for (var i = 0; i < words.Count; i += 2)
        {
            var value = i + 1 < words.Count ? words[i + 1] : throw new ArgumentException($"{words[i]} needs a value.");
            settings = words[i] switch
            {
                "--model" => settings with { Model = Directory.Exists(value) ? value : throw new ArgumentException($"--model: there is no folder {value}.") },
                "--shape" => settings with { Shape = OneOf("--shape", value, [.. Throughput.Shape.Names]) },
                "--device" => settings with { Device = value },
                "--dtype" => settings with { Dtype = value },
                "--threads" => settings with { Threads = Number("--threads", value, 0) },
                "--rounds" => settings with { Rounds = Number("--rounds", value) },
                "--batches" => settings with { Batches = Numbers("--batches", value) },
                "--prompts" => settings with { Prompts = Numbers("--prompts", value) },
                "--context" => settings with { Context = Number("--context", value) },
                "--steps" => settings with { Steps = Number("--steps", value) },
                "--only" => settings with { Only = [.. value.Split(',').Select(word => OneOf("--only", word, Measures))] },
                "--out" => settings with { Out = value },
                "--peer" => settings with { PeerProgram = File.Exists(value) ? Path.GetFullPath(value) : throw new ArgumentException($"--peer: there is no file {value}.") },
                "--gguf" => settings with { Gguf = value.Split(',') },
                _ => throw new ArgumentException($"{words[i]} is unknown. Without options, or with --help, see what there is."),
            };
        }
        return settings.PeerProgram is null == (settings.Gguf.Count == 0) ? settings : throw new ArgumentException("--peer and --gguf go together.");
    }

    private static string OneOf(string option, string word, string[] words) =>
        words.Contains(word) ? word : throw new ArgumentException($"{option} may be {string.Join(", ", words)}, not \"{word}\".");

    private static int Number(string option, string value, int min = 1) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= min
            ? number
            : throw new ArgumentException($"{option} must be a whole number of at least {min}, not \"{value}\".");

    private static int[] Numbers(string option, string value) => [.. value.Split(',').Select(word => Number(option, word))];
}
