using System.Text;
using Kl3m.Trainer.Data;

namespace Kl3m.Trainer.Tokenization;

/// <summary>Documents for tokenizer training: every kind of text gets the same share of the budget, taken evenly over its file.</summary>
internal static class TokenizerSample
{
    /// <param name="bytes">Most UTF-8 bytes to take, all files together. What a short file leaves over goes to the longer ones.</param>
    public static IReadOnlyList<string> Take(IReadOnlyList<CorpusFile> files, long bytes)
    {
        var sample = new List<string>();
        var kinds = files.Select(file => file.Documents().Select(text => (Text: text, Bytes: Encoding.UTF8.GetByteCount(text))).ToList())
            .OrderBy(documents => documents.Sum(document => (long)document.Bytes)).ToList();
        for (var kind = 0; kind < kinds.Count; kind++)
        {
            var share = bytes / (kinds.Count - kind);
            var total = kinds[kind].Sum(document => (long)document.Bytes);
            long seen = 0, taken = 0;
            foreach (var document in kinds[kind])
            {
                seen += document.Bytes;
                if (taken + document.Bytes <= seen * Math.Min(1.0, (double)share / total))
                {
                    sample.Add(document.Text);
                    taken += document.Bytes;
                }
            }
            bytes -= taken;
        }
        return sample;
    }
}
