using System.Runtime.InteropServices;

namespace Kl3m.Trainer.Data;

/// <summary>
/// The corpus as token ids: one file per kind, 16 bits an id, every document followed by the end token. Made once per tokenizer, since it
/// takes minutes: a kind's file lies in a folder named after the tokenizer and is replaced by none.
/// </summary>
internal sealed class TokenCache(string folder, Func<string, IReadOnlyList<int>> encode, int end)
{
    public ushort[] Read(CorpusFile corpus)
    {
        var path = Path.Combine(folder, corpus.Kind + ".u16");
        if (!File.Exists(path))
        {
            Write(corpus, path);
        }
        return MemoryMarshal.Cast<byte, ushort>(File.ReadAllBytes(path)).ToArray();
    }

    private void Write(CorpusFile corpus, string path)
    {
        Directory.CreateDirectory(folder);
        using (var file = new BinaryWriter(File.Create(path + ".partial")))
        {
            foreach (var ids in corpus.Documents().AsParallel().AsOrdered().Select(encode))
            {
                foreach (var id in ids)
                {
                    file.Write(checked((ushort)id));
                }
                file.Write(checked((ushort)end));
            }
        }
        File.Move(path + ".partial", path);
    }
}
