using Kl3m.Trainer;
using Kl3m.Trainer.Training;

try
{
    var (verb, rest) = (args.FirstOrDefault(), args.Skip(1).ToArray());
    switch (verb)
    {
        case "train": TrainCommand.Run(new Arguments(rest)); return 0;
        default: Console.Error.WriteLine("verbs: tokenizer, train, evaluate, export"); return 2;
    }
}
catch (UsageException e)
{
    Console.Error.WriteLine(e.Message);
    return 2;
}
