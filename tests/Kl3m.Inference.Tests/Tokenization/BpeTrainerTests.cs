using Kl3m.Inference.Tokenization;
using Kl3m.Trainer.Tokenization;

namespace Kl3m.Inference.Tests.Tokenization;

public sealed class BpeTrainerTests
{
    private const string Preamble =
        "We the People of the United States, in Order to form a more perfect Union, establish Justice, insure domestic Tranquility, "
        + "provide for the common defence, promote the general Welfare, and secure the Blessings of Liberty to ourselves and our Posterity, "
        + "do ordain and establish this Constitution for the United States of America.";

    /// <summary>The expected merges are those of Hugging Face's trainer (tokenizers 0.23.2) on the same text.</summary>
    [Theory]
    [InlineData(Preamble, "Ġ t,e s,Ġt h,e r,Ġ o,Ġth e,i t,a n,i n,o n,o r,t a,u r,U n,f or,i c,i s,o m,s t,Ġ d,Ġ p,Ġ an,Ġ Un,Ġ for,Ġo f,Ġan d,S ta,W e,b l,"
        + "e c,e d,e n,i on,r d,t es,Ġ P,Ġ es,Ġ in,Ġ Sta,Ġt o,Ġo ur,it y,it ed,ta bl,ur e,is h,Ġp r,ĠUn ited")]
    [InlineData("aaaa aaaaa aa", "a a,Ġ aa,aa a,aa aa,Ġaa aaa")]
    [InlineData("low low low low low lower lower newest newest newest newest newest newest widest widest widest",
        "e s,es t,l o,lo w,e w,n ew,Ġ low,Ġ new,Ġnew est,d est,i dest,w idest,Ġ widest,e r,Ġlow er")]
    public void Merges_are_Hugging_Faces(string text, string expected)
    {
        var vocabulary = BpeTrainer.Train(TokenizerTrainer.CountWords([text], []), [], 10_000);
        var merges = vocabulary.Merges.Select(merge => $"{merge.Left} {merge.Right}").ToList();
        var wanted = expected.Split(',');
        Assert.Equal(wanted, merges.Take(wanted.Length));
        Assert.True(merges.Count == wanted.Length || text == Preamble);
    }

    [Fact]
    public void Reserved_tokens_come_first_then_bytes_then_merges()
    {
        var vocabulary = BpeTrainer.Train(new Dictionary<string, long> { ["ab"] = 3 }, ["<|x|>", "<|y|>"], 259);
        Assert.Equal(["<|x|>", "<|y|>", "!", "\""], vocabulary.Tokens.Take(4));
        Assert.Equal(256, vocabulary.Tokens.Skip(2).Take(256).Where(token => token.Length == 1).SelectMany(ByteAlphabet.Read).Distinct().Count());
        Assert.Equal("ab", vocabulary.Tokens[^1]);
        Assert.Equal(new Merge("a", "b", 3), Assert.Single(vocabulary.Merges));
    }

    [Fact]
    public void A_merge_keeps_the_count_of_its_pair()
    {
        var vocabulary = BpeTrainer.Train(new Dictionary<string, long> { ["abc"] = 5, ["ab"] = 2, ["bc"] = 1 }, [], 300);
        Assert.Equal([new Merge("a", "b", 7), new Merge("ab", "c", 5), new Merge("b", "c", 1)], vocabulary.Merges);
    }

    [Fact]
    public void Words_end_at_whole_tokens()
    {
        var words = TokenizerTrainer.CountWords(["under (a) of\n\nthe Act(a)"], ["(a)", "\n\n"]);
        Assert.Equal(new Dictionary<string, long> { ["under"] = 1, [" "] = 1, [" of"] = 1, ["the"] = 1, [" Act"] = 1 }, words);
    }

    [Fact]
    public void A_whole_token_must_save_more_than_the_merge_whose_place_it_takes()
    {
        var often = string.Concat(Enumerable.Range(0, 50).Select(i => $"(a) word{(char)('a' + i % 26)}{(char)('a' + i % 7)} "));
        var documents = new[] { often, "(b) once" };
        Assert.Equal(["(a)"], WholeTokens.Worthwhile(["(a)", "(b)", "  "], documents, TokenizerTrainer.Specials.Length + 256 + 12));
    }
}
