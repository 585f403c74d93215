using System.Globalization;
using System.Text.Json;
using Kl3m.Inference.Weights;
using Kl3m.Trainer.Export;
using TorchSharp;
using static TorchSharp.torch;

namespace Kl3m.Trainer.Training;

/// <summary>Where a run stands, as its newest checkpoint has it. Data and dice follow from seed and step, so they need no state.</summary>
/// <param name="Tokenizer">The first 16 hexadecimal digits of tokenizer.json's SHA-256.</param>
/// <param name="Step">Steps done.</param>
/// <param name="Seconds">Time that they took.</param>
internal sealed record RunState(TrainingOptions Options, LearningRateSchedule Schedule, string Tokenizer, int Step, double Seconds)
{
    private const string StateFile = "state.json", WeightsFile = "weights.safetensors", OptimizerFile = "optimizer.safetensors";

    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true };

    /// <summary>The folder of the newest whole checkpoint, or null.</summary>
    public static string? Newest(string run) =>
        Directory.Exists(run) ? Directory.GetDirectories(run, "step-*").Max(StringComparer.Ordinal) : null;

    public static RunState Load(string checkpoint) =>
        JsonSerializer.Deserialize<RunState>(File.ReadAllBytes(Path.Combine(checkpoint, StateFile)), Json)
            ?? throw new InvalidDataException($"{Path.Combine(checkpoint, StateFile)} is empty.");

    public static SafetensorsFile OpenWeights(string checkpoint) => SafetensorsFile.Open(Path.Combine(checkpoint, WeightsFile));

    /// <summary>Overwrites weights and optimizer with those of a checkpoint.</summary>
    public static void Restore(string checkpoint, IReadOnlyDictionary<string, Tensor> weights, Optimizer optimizer)
    {
        using var noGrad = no_grad();
        foreach (var (file, tensors) in ((string, IEnumerable<(string, Tensor)>)[])
            [(WeightsFile, weights.Select(pair => (pair.Key, pair.Value))), (OptimizerFile, optimizer.State)])
        {
            using var stored = SafetensorsFile.Open(Path.Combine(checkpoint, file));
            foreach (var (name, tensor) in tensors)
            {
                using var value = stored.Read(name, ScalarType.Float32, CPU);
                tensor.copy_(value);
            }
        }
    }

    /// <summary>Writes a checkpoint beside the last one and then drops that: a kill at any moment leaves a whole one.</summary>
    public void Save(string run, IReadOnlyDictionary<string, Tensor> weights, Optimizer optimizer)
    {
        var old = Newest(run);
        var name = Path.Combine(run, string.Create(CultureInfo.InvariantCulture, $"step-{Step:D7}"));
        if (name == old)
        {
            return;
        }
        var partial = Path.Combine(run, "partial");
        Directory.CreateDirectory(partial);
        SafetensorsWriter.Write(Path.Combine(partial, WeightsFile), weights.Select(pair => (pair.Key, pair.Value)));
        SafetensorsWriter.Write(Path.Combine(partial, OptimizerFile), optimizer.State);
        File.WriteAllBytes(Path.Combine(partial, StateFile), JsonSerializer.SerializeToUtf8Bytes(this, Json));
        Directory.Move(partial, name);
        if (old is not null)
        {
            Directory.Delete(old, recursive: true);
        }
    }
}
