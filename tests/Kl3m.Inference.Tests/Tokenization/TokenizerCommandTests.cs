using Kl3m.Inference.Tokenization;
using Kl3m.Trainer;
using Kl3m.Trainer.Data;
using Kl3m.Trainer.Tokenization;

namespace Kl3m.Inference.Tests.Tokenization;

public sealed class TokenizerCommandTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("kl3m-tokenizer-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void A_trained_tokenizer_loads_and_is_of_the_size_asked_for()
    {
        WriteCorpus();
        var path = Path.Combine(folder, "tokenizer.json");
        Assert.Equal(0, TokenizerCommand.Run(["--corpus", folder, "--out", path, "--vocab", "320"]));
        var tokenizer = Tokenizer.Load(path);

        Assert.Equal(320, tokenizer.VocabularySize);
        Assert.All(Enumerable.Range(0, 320), id => Assert.False(tokenizer.BytesOf(id).IsEmpty));
        Assert.Equal([0, 1, 2], new[] { "<|start|>", "<|end|>", "<|pad|>" }.Select(tokenizer.Find));
        Assert.True(tokenizer.IsSpecial(1));
        Assert.NotNull(tokenizer.Find("\n\n"));
        for (var seed = 0; seed < 200; seed++)
        {
            var text = RandomText.Make(seed, 20);
            Assert.Equal(text, tokenizer.Decode(tokenizer.Encode(text)));
        }
    }

    [Fact]
    public void Training_again_gives_the_same_file()
    {
        WriteCorpus();
        var files = new[] { "one.json", "two.json" }.Select(name => Path.Combine(folder, name)).ToList();
        files.ForEach(path => TokenizerCommand.Run(["--corpus", folder, "--out", path, "--vocab", "300"]));
        Assert.Equal(File.ReadAllBytes(files[0]), File.ReadAllBytes(files[1]));
    }

    [Fact]
    public void The_border_of_documents_is_no_text()
    {
        WriteCorpus();
        Assert.All(TokenizerSample.Take(CorpusFile.In(folder), long.MaxValue), text => Assert.DoesNotContain("<|end|>", text, StringComparison.Ordinal));
    }

    [Fact]
    public void A_sample_is_even_over_kinds_and_over_each_file()
    {
        File.WriteAllText(Path.Combine(folder, "long.txt"), string.Concat(Enumerable.Range(0, 1000).Select(i => $"L{i:d9}\n<|end|>\n")));
        File.WriteAllText(Path.Combine(folder, "short.txt"), string.Concat(Enumerable.Range(0, 100).Select(i => $"S{i:d9}\n<|end|>\n")));
        var sample = TokenizerSample.Take(CorpusFile.In(folder), 1000);
        Assert.Equal(Enumerable.Range(1, 50).Select(i => $"L{i * 20 - 1:d9}"), sample.Where(text => text[0] == 'L'));
        Assert.Equal(Enumerable.Range(1, 50).Select(i => $"S{i * 2 - 1:d9}"), sample.Where(text => text[0] == 'S'));

        var more = TokenizerSample.Take(CorpusFile.In(folder), 6000);
        Assert.Equal(100, more.Count(text => text[0] == 'S'));
        Assert.Equal(500, more.Count(text => text[0] == 'L'));
    }

    [Theory]
    [InlineData("100", "must be 263 at least")]
    [InlineData("100000", "smaller --vocab")]
    public void A_size_that_cannot_be_met_is_an_error(string size, string remedy)
    {
        WriteCorpus();
        var error = Assert.Throws<UsageException>(() => TokenizerCommand.Run(["--corpus", folder, "--out", Path.Combine(folder, "t.json"), "--vocab", size]));
        Assert.Contains(remedy, error.Message, StringComparison.Ordinal);
    }

    private void WriteCorpus()
    {
        var paragraph = "(a) The Secretary shall, under section 5(a), publish the rules of this title.\n\n(b) The rules shall be published.";
        File.WriteAllText(Path.Combine(folder, "statutes.txt"), string.Concat(Enumerable.Repeat(paragraph + "\n<|end|>\n", 20)));
        File.WriteAllText(Path.Combine(folder, "contracts.txt"), "The parties agree to the following terms and conditions.\n\n1. Term.\n<|end|>\n");
    }
}
