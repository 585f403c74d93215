using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Kl3m.Inference.Tests.Tokenization;
using Kl3m.Inference.Tests.Weights;
using Kl3m.Inference.Tokenization;

namespace Kl3m.Inference.Tests.Fuzz;

/// <summary>
/// Damaged files of a model folder, each from a seed of its own: a case's number is all that is needed to see it again. A few thousand
/// in each run; KL3M_FUZZ=100000 in the environment asks for that many.
/// </summary>
public sealed class ModelFileFuzzTests(ITestOutputHelper output)
{
    private const int UsualCases = 4000;
    private const string Index = "model.safetensors.index.json";

    /// <summary>What a case may allocate on top of the file's size, in all. No size that a file claims adds to it.</summary>
    private const long BytesAnyway = 64 << 20;

    /// <summary>A case takes about a millisecond; what takes this long on a busy machine does not end.</summary>
    private static readonly TimeSpan CaseLimit = TimeSpan.FromSeconds(30);

    private static readonly string[] Files = ["config.json", "generation_config.json", "model.safetensors", Index, "tokenizer.json"];

    private static int Cases =>
        (int.TryParse(Environment.GetEnvironmentVariable("KL3M_FUZZ"), CultureInfo.InvariantCulture, out var asked) ? asked : UsualCases) / Files.Length;

    public static TheoryData<string> FileNames => [.. Files];

    [Theory, MemberData(nameof(FileNames))]
    public void A_damaged_file_loads_or_is_refused_with_a_typed_error(string file)
    {
        using var model = new TinyModel();
        var fuzz = new Fuzz(file, model, Cases);
        // On a thread of its own, so that a case without end is a failed test and not a hanging run.
        var thread = new Thread(fuzz.Run) { IsBackground = true };
        thread.Start();
        while (!thread.Join(CaseLimit / 2))
        {
            Assert.True(fuzz.InCase < CaseLimit, $"{file}: case {fuzz.Case} has not ended after {fuzz.InCase.TotalSeconds:F0} s.");
        }
        output.WriteLine(fuzz.Summary);
        Assert.True(fuzz.Failure is null, fuzz.Failure);
        // Damage that is always seen, or never, tests little.
        Assert.InRange(fuzz.Refused, Cases / 8, Cases - Cases / 200);
    }

    [Theory]
    [InlineData("[],", 12 << 20)]
    [InlineData("[],", 1_490_000)]
    [InlineData("[[[[[[[[[[]]]]]]]]]],", 1_040_000)]
    [InlineData("{\"a\":0},", 1_990_000)]
    [InlineData("\"a\",", 3_990_000)]
    [InlineData("0,", 1_990_000)]
    public void A_file_of_many_small_values_takes_no_more_than_its_size_and_64_MB(string value, int size)
    {
        var count = size / value.Length;
        var json = Encoding.UTF8.GetBytes("{\"version\":[" + string.Concat(Enumerable.Repeat(value, count))[..^1] + "]}");
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<ModelFileException>(() => Tokenizer.Parse(json, "tokenizer.json"));
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        output.WriteLine($"{json.Length:N0} bytes: {allocated:N0} allocated");
        Assert.InRange(allocated, 0, json.Length + BytesAnyway);
    }

    private sealed class Fuzz(string file, TinyModel model, int cases)
    {
        private readonly Action<byte[]> load = Prepare(file, model);
        private readonly JsonMutator mutator = new(Whole(file, model));
        private long started = Stopwatch.GetTimestamp();
        private double mostBytes;
        private string most = "";
        private TimeSpan longest;
        private volatile int current;

        public int Case => current;

        public int Refused { get; private set; }

        public string? Failure { get; private set; }

        public TimeSpan InCase => Stopwatch.GetElapsedTime(Volatile.Read(ref started));

        public string Summary => string.Create(CultureInfo.InvariantCulture,
            $"{file}: {cases} cases, {Refused} refused, the longest {longest.TotalMilliseconds:F0} ms, the most memory {mostBytes:P1} of what is allowed ({most}).");

        public void Run()
        {
            for (current = 0; current < cases && Failure is null; current++)
            {
                var random = new Random(HashCode(file) + current);
                var bytes = mutator.Mutate(random);
                if (file == "model.safetensors")
                {
                    bytes = WithLength(bytes, random);
                }
                Volatile.Write(ref started, Stopwatch.GetTimestamp());
                Failure = Check(bytes) is { } problem ? $"{file}, case {current}: {problem}" : null;
            }
        }

        private string? Check(byte[] bytes)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                load(bytes);
            }
            catch (ModelFileException refused)
            {
                Refused++;
                if (refused.Message.Length > 1000 || refused.Field.Length == 0)
                {
                    return $"a message of {refused.Message.Length} characters about the field \"{refused.Field}\".";
                }
            }
#pragma warning disable CA1031 // Whatever else comes out is what this test looks for.
            catch (Exception other)
#pragma warning restore CA1031
            {
                return other.ToString();
            }
            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            var share = allocated / (double)(BytesAnyway + bytes.Length);
            if (share > mostBytes)
            {
                (mostBytes, most) = (share, $"{allocated:N0} bytes for a file of {bytes.Length:N0} in case {current}");
            }
            longest = InCase > longest ? InCase : longest;
            return mostBytes > 1 ? $"{allocated} bytes allocated for a file of {bytes.Length}."
                : longest > CaseLimit ? $"took {longest.TotalSeconds:F0} s."
                : null;
        }

        /// <summary>A file of a model folder that is otherwise whole, and the way that the app loads it.</summary>
        private static Action<byte[]> Prepare(string file, TinyModel model)
        {
            if (file == "tokenizer.json")
            {
                return LoadTokenizer;
            }
            model.Write();
            if (file == Index)
            {
                File.Move(model.WeightsPath, Path.Combine(model.Folder, "shard.safetensors"));
            }
            var path = Path.Combine(model.Folder, file);
            return bytes =>
            {
                File.WriteAllBytes(path, bytes);
                model.Load();
            };
        }

        private static byte[] Whole(string file, TinyModel model) => file switch
        {
            "config.json" => Encoding.UTF8.GetBytes(model.Config.ToJsonString()),
            "generation_config.json" => """{"bos_token_id":0,"eos_token_id":[0,2],"transformers_version":"4.40.0"}"""u8.ToArray(),
            "model.safetensors" => Encoding.UTF8.GetBytes(new JsonObject(model.Header.Select(pair => KeyValuePair.Create(pair.Key, pair.Value?.DeepClone())))
            {
                ["__metadata__"] = new JsonObject { ["format"] = "pt", ["source"] = "random" },
            }.ToJsonString()),
            "tokenizer.json" => TinyTokenizer.Json(_ => { }),
            _ => Encoding.UTF8.GetBytes(new JsonObject
            {
                ["metadata"] = new JsonObject { ["total_size"] = model.Data.Count },
                ["weight_map"] = new JsonObject(model.Header.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)"shard.safetensors"))),
            }.ToJsonString()),
        };

        private static void LoadTokenizer(byte[] json)
        {
            const string Text = "hello world (a)\n\n    é \ud83d\ude00 <|end|>";
            var tokenizer = Tokenizer.Parse(json, "tokenizer.json");
            // What was let in has to work: the text comes back, whatever merges and added tokens there are.
            Assert.Equal(Text, tokenizer.Decode(tokenizer.Encode(Text)));
        }

        /// <summary>The header behind its length, which lies in one case of ten; then the data, cut short or too long in some.</summary>
        private byte[] WithLength(byte[] header, Random random)
        {
            ulong[] lies = [0, 1, 7, (ulong)header.Length - 1, (ulong)header.Length + 1, 100_000_000, 100_000_001, int.MaxValue, 1UL << 63, ulong.MaxValue, ulong.MaxValue - 7];
            var length = new byte[8];
            BinaryPrimitives.WriteUInt64LittleEndian(length, random.Next(10) == 0 ? lies[random.Next(lies.Length)] : (ulong)header.Length);
            byte[] whole = [.. length, .. header, .. model.Data];
            return random.Next(20) switch
            {
                0 => whole[..random.Next(whole.Length)],
                1 => [.. whole, .. new byte[random.Next(1, 64)]],
                _ => whole,
            };
        }

        /// <summary>The same in each process, unlike string.GetHashCode.</summary>
        private static int HashCode(string text) => text.Aggregate(17, (hash, character) => unchecked(hash * 31 + character));
    }
}
