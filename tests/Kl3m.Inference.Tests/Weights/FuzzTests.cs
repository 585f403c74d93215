using System.Text;

namespace Kl3m.Inference.Tests.Weights;

/// <summary>Thousands of small damages with a fixed seed: each model loads, or is refused with a typed error.</summary>
public sealed class FuzzTests
{
    private static readonly string[] Splices = ["-", "0", "9", "e", ".", "[", "]", "{", "}", ",", ":", "\"", "null", "true", "18446744073709551616", "\\ud800", "F64", "\n", "\0", "é"];

    [Theory, InlineData("config.json", 1000), InlineData("model.safetensors", 2000), InlineData("model.safetensors.index.json", 1000)]
    public void A_damaged_file_loads_or_is_refused_with_a_typed_error(string file, int rounds)
    {
        using var model = new TinyModel();
        model.Write();
        if (file.EndsWith("index.json", StringComparison.Ordinal))
        {
            File.Move(model.WeightsPath, Path.Combine(model.Folder, "shard.safetensors"));
            var entries = string.Join(',', model.Header.Select(pair => $"\"{pair.Key}\":\"shard.safetensors\""));
            File.WriteAllText(Path.Combine(model.Folder, file), $"{{\"weight_map\":{{{entries}}}}}");
        }
        var path = Path.Combine(model.Folder, file);
        var whole = File.ReadAllBytes(path);
        // Damage where the meaning is: the header and its length, not the numbers behind it.
        var meaning = file == "model.safetensors" ? whole.Length - model.Data.Count : whole.Length;
        var random = new Random(20240601);
        var refused = 0;
        for (var round = 0; round < rounds; round++)
        {
            File.WriteAllBytes(path, Damage(whole, meaning, random));
            try
            {
                model.Load();
            }
            catch (ModelFileException)
            {
                refused++;
            }
        }
        Assert.InRange(refused, rounds / 2, rounds);
    }

    private static byte[] Damage(byte[] whole, int meaning, Random random)
    {
        var bytes = whole.ToList();
        for (var hits = random.Next(1, 4); hits > 0; hits--)
        {
            var at = random.Next(Math.Min(meaning, bytes.Count));
            switch (random.Next(6))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 2:
                    bytes.RemoveRange(at, Math.Min(random.Next(1, 20), bytes.Count - at));
                    break;
                case 3:
                    bytes.InsertRange(at, Encoding.UTF8.GetBytes(Splices[random.Next(Splices.Length)]));
                    break;
                case 4:
                    bytes.InsertRange(at, bytes.GetRange(at, Math.Min(random.Next(1, 60), bytes.Count - at)));
                    break;
                default:
                    bytes[at] = (byte)('0' + random.Next(10));
                    break;
            }
            if (bytes.Count == 0)
            {
                break;
            }
        }
        return [.. bytes];
    }
}
