using Kl3m.Inference.Tests.Tokenization;
using Kl3m.Trainer;
using Kl3m.Trainer.Data;

namespace Kl3m.Inference.Tests.Trainer;

public sealed class DataTests
{
    private static readonly SpaceSplits NoSplits = new(TinyTokenizer.Load(), 0);

    [Fact]
    public void An_epoch_reads_every_window_once_in_an_order_that_follows_from_the_seed()
    {
        var tokens = Enumerable.Range(0, 240).Select(i => (ushort)i).ToArray();
        var starts = Starts(seed: 5);
        Assert.Equal(starts, Starts(seed: 5));
        Assert.NotEqual(starts, Starts(seed: 6));
        Assert.Equal(starts.Count, starts.Distinct().Count());
        Assert.All(starts.Order().Zip(starts.Order().Skip(1)), pair => Assert.Equal(10, pair.Second - pair.First));

        List<long> Starts(int seed)
        {
            var order = new WindowOrder([(tokens, 1)], 10, seed, NoSplits);
            var window = new long[11];
            return [.. Enumerable.Range(0, (int)order.EpochTokens / 10).Select(place =>
            {
                order.Copy(place, window);
                Assert.Equal(Enumerable.Range(0, 11).Select(i => window[0] + i), window);
                return window[0];
            })];
        }
    }

    [Fact]
    public void A_kind_is_read_as_often_as_its_weight_says()
    {
        var (one, two) = (Enumerable.Repeat((ushort)1, 1001).ToArray(), Enumerable.Repeat((ushort)2, 1001).ToArray());
        var order = new WindowOrder([(one, 1), (two, 2.5)], 10, seed: 1, NoSplits);
        var window = new long[11];
        var twos = Enumerable.Range(0, (int)order.EpochTokens / 10).Count(place =>
        {
            order.Copy(place, window);
            return window[0] == 2;
        });
        Assert.InRange(twos, 247, 250);
        Assert.InRange(order.EpochTokens / 10 - twos, 99, 100);
    }

    [Fact]
    public void A_corpus_shorter_than_a_window_is_a_clear_error() =>
        Assert.Contains("shorter than one window", Assert.Throws<UsageException>(() =>
            new WindowOrder([(new ushort[5], 1)], 10, 1, NoSplits).EpochTokens).Message, StringComparison.Ordinal);

    [Fact]
    public void Some_words_are_read_apart_from_their_space_and_the_text_stays_the_same()
    {
        var tokenizer = TinyTokenizer.Load();
        const string Text = "hello world world world world world world world world world world";
        var ids = tokenizer.Encode(Text).Select(id => (ushort)id).ToArray();
        var space = tokenizer.Find("Ġ")!.Value;
        Assert.DoesNotContain((ushort)space, ids);

        var window = new long[ids.Length];
        new SpaceSplits(tokenizer, 0.5).Copy(ids, window, seed: 3);

        Assert.InRange(window.Count(id => id == space), 1, 5);
        Assert.StartsWith(tokenizer.Decode([.. window.Select(id => (int)id)]), Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Documents_end_at_border_lines_and_are_cached_as_ids()
    {
        using var folder = new TinyRun();
        var path = Path.Combine(folder.Folder, "kind.txt");
        File.WriteAllText(path, "hello\n\nworld\n<|end|>\nhello <|end|> world\n<|end|>\nhello\n");
        var file = new CorpusFile(path);
        Assert.Equal(["hello\n\nworld", "hello <|end|> world", "hello"], file.Documents());

        var tokenizer = TinyTokenizer.Load();
        var cache = Path.Combine(folder.Folder, "tokens");
        var expected = file.Documents().SelectMany(text => tokenizer.Encode(text).Append(1)).Select(id => (ushort)id).ToArray();
        Assert.Equal(expected, new TokenCache(cache, tokenizer.Encode, end: 1).Read(file));
        Assert.Equal(expected, new TokenCache(cache, _ => throw new InvalidOperationException("It is cached."), end: 1).Read(file));
    }

    [Fact]
    public void Options_that_nobody_knows_are_refused_by_name()
    {
        var arguments = new Arguments(["--steps", "5", "--stepz", "6"]);
        arguments.Number("steps", 1, 1);
        Assert.Contains("--stepz", Assert.Throws<UsageException>(arguments.End).Message, StringComparison.Ordinal);
    }
}
